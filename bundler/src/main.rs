//! Makes the installers of RecordPlayer Kanban from `tauri.conf.json`: `recordplayer-bundler CONFIG FOLDER`.
//!
//! `FOLDER` holds the built program; the installers come into `FOLDER/bundle`, and their paths are printed, one a line. Tauri's own command
//! line would add GTK and WebKit to what a package depends on, for windows that are web pages; ours draws itself and needs neither.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use tauri_bundler::{BundleBinary, BundleSettings, DebianSettings, PackageSettings, PackageType, SettingsBuilder};
use tauri_utils::config::{Config, DeepLinkProtocol};

/// The part of the deep-link plugin's settings that a package needs.
#[derive(Deserialize)]
struct DeepLink {
    desktop: DeepLinkProtocol,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, folder] = arguments.as_slice() else {
        eprintln!("use: recordplayer-bundler CONFIG FOLDER");
        return ExitCode::from(2);
    };
    match bundle(Path::new(config), Path::new(folder)) {
        Ok(paths) => {
            for path in paths {
                println!("{}", path.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the installer cannot be made: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bundle(path: &Path, folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let config: Config = serde_json::from_slice(&std::fs::read(path)?)?;
    let root = path.parent().unwrap_or(Path::new("."));
    let at_root = |path: &Path| root.join(path);
    let bundle = config.bundle;
    let deb = bundle.linux.deb;
    let name = config.product_name.ok_or("the config has no productName")?;
    let deep_link = config.plugins.0.get("deep-link").cloned().map(serde_json::from_value::<DeepLink>).transpose()?;
    let icons = bundle.icon.iter().map(|icon| at_root(Path::new(icon)).display().to_string());
    let settings = SettingsBuilder::new()
        .project_out_directory(folder)
        .package_types(vec![PackageType::Deb])
        .package_settings(PackageSettings {
            product_name: name.clone(),
            version: config.version.ok_or("the config has no version")?,
            description: bundle.short_description.clone().unwrap_or_default(),
            homepage: bundle.homepage.clone(),
            authors: bundle.copyright.clone().map(|holder| vec![holder]),
            default_run: None,
        })
        .bundle_settings(BundleSettings {
            identifier: Some(config.identifier),
            icon: Some(icons.collect()),
            copyright: bundle.copyright,
            license: bundle.license,
            short_description: bundle.short_description,
            long_description: bundle.long_description,
            deep_link_protocols: deep_link.map(|link| vec![link.desktop]),
            deb: DebianSettings {
                depends: deb.depends,
                recommends: deb.recommends,
                section: deb.section,
                priority: deb.priority,
                desktop_template: deb.desktop_template.map(|template| at_root(&template)),
                changelog: deb.changelog.map(|changelog| at_root(&changelog)),
                ..DebianSettings::default()
            },
            ..BundleSettings::default()
        })
        .binaries(vec![BundleBinary::new(name, true)])
        .binary_patching(false)
        .build()?;
    let bundles = tauri_bundler::bundle_project(&settings)?;
    Ok(bundles.into_iter().flat_map(|bundle| bundle.bundle_paths).collect())
}
