//! What the system must bring beside Rust: which Debian packages are needed, which are missing, and how they come.

use std::process::{Command, Stdio};

use crate::consent;
use crate::failure::Failure;

/// A Debian package and the reason why a build needs it.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    name: &'static str,
    reason: &'static str,
}

/// Every package that a build needs.
const NEEDED: &[Package] = &[
    Package { name: "gcc", reason: "Rust links with it, and blake3 and zstd compile their C sources with it" },
    Package { name: "libc6-dev", reason: "the C library's headers and start files, without which nothing links" },
];

/// What a window opens at run time beside that.
pub const BY_WINDOW: &[Package] = &[
    Package { name: "libegl1", reason: "the window draws by OpenGL" },
    Package { name: "libgl1", reason: "the window draws by OpenGL" },
    Package { name: "libgl1-mesa-dri", reason: "the drivers of OpenGL" },
    Package { name: "libx11-6", reason: "the window on X11" },
    Package { name: "libx11-xcb1", reason: "the window on X11" },
    Package { name: "libxcb1", reason: "the window on X11" },
    Package { name: "libxcursor1", reason: "the pointer's shapes on X11" },
    Package { name: "libxi6", reason: "pointer and wheel on X11" },
    Package { name: "libxrandr2", reason: "screens on X11" },
    Package { name: "libxkbcommon0", reason: "the keyboard's layout" },
    Package { name: "libxkbcommon-x11-0", reason: "the keyboard's layout on X11" },
    Package { name: "libwayland-client0", reason: "the window on Wayland" },
    Package { name: "libwayland-egl1", reason: "the window on Wayland" },
];

/// What a screen needs that nobody looks at, and a picture of it.
pub const BY_SCREEN: &[Package] = &[
    Package { name: "xvfb", reason: "a screen without a display" },
    Package { name: "imagemagick", reason: "takes the picture of it" },
];

/// What the tests of the window need beside both.
pub const BY_TESTS: &[Package] = &[
    Package { name: "xdotool", reason: "keyboard and mouse of the tests that work the window" },
    Package { name: "mesa-vulkan-drivers", reason: "draws the pictures that tests compare, without a graphics card" },
    Package { name: "fonts-noto-cjk", reason: "the letters of East Asia in these pictures" },
];

/// What libFuzzer needs.
pub const BY_FUZZING: &[Package] = &[Package { name: "g++", reason: "compiles the C++ sources of libFuzzer" }];

/// What histories of the real programs need to let their disks fail.
pub const BY_PROCESSES: &[Package] = &[
    Package { name: "strace", reason: "lets system calls of the programs fail, and kills them at one" },
    Package { name: "mount", reason: "the small disks that the programs fill" },
    Package { name: "util-linux", reason: "lets them be mounted by who is not root" },
];

/// Makes sure that every package that a build needs is installed, and these: asks before installing, unless `yes` has answered already.
pub fn ensure(yes: bool, more: &[&[Package]]) -> Result<(), Failure> {
    let needed: Vec<Package> = NEEDED.iter().chain(more.iter().copied().flatten()).copied().collect();
    let Some(installed) = installed(&needed) else {
        println!("no dpkg-query here, so the packages of the system are not checked");
        return Ok(());
    };
    let missing: Vec<Package> =
        needed.iter().copied().filter(|package| !installed.iter().any(|name| name == package.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("this system lacks:");
    for package in &missing {
        println!("  {:<20} {}", package.name, package.reason);
    }
    install(&missing, yes)
}

/// The names of the needed packages that dpkg holds as installed, or nothing where there is no dpkg.
fn installed(needed: &[Package]) -> Option<Vec<String>> {
    let names = needed.iter().map(|package| package.name);
    // dpkg-query exits with 1 when it does not know one of the names; what it prints about the others still counts.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
        .args(names)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    Some(installed_names(&String::from_utf8_lossy(&output.stdout)))
}

fn installed_names(answer: &str) -> Vec<String> {
    let lines = answer.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, status)| *status == "installed").map(|(name, _)| name.to_owned()).collect()
}

fn install(missing: &[Package], yes: bool) -> Result<(), Failure> {
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let Some(prefix) = prefix() else {
        let command = format!("apt-get update && apt-get install -y {}", names.join(" "));
        return Err(Failure::wrong_use(format!(
            "only root can install them, and there is no sudo: as root, {command}"
        )));
    };
    let command = format!("{prefix}apt-get update && {prefix}apt-get install -y {}", names.join(" "));
    consent::ask(&command, yes)?;
    println!("{command}");
    let status = Command::new("sh").args(["-c", &command]).status();
    if status.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Failure::failed(format!("failed: {command}")))
}

/// What stands before a command that needs root: nothing for root itself, `sudo ` for others where there is one.
fn prefix() -> Option<&'static str> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if is_root {
        return Some("");
    }
    let has_sudo = Command::new("sudo").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    has_sudo.then_some("sudo ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count_as_installed() {
        let answer = "gcc installed\nlibc6-dev config-files\nlibc6-dev not-installed\n";
        assert_eq!(installed_names(answer), ["gcc"]);
    }
}
