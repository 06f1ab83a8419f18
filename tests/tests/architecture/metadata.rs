//! The workspace and everything it depends on, as `cargo metadata` tells it.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use recordplayer_tests::workspace_root;
use serde_json::Value;

/// Read once for all tests of this program: every feature is on, for every platform.
pub static METADATA: LazyLock<Metadata> = LazyLock::new(Metadata::read);

#[derive(Debug)]
pub struct Metadata {
    /// The crates of this workspace.
    pub members: Vec<Package>,
    /// The crates that come from elsewhere.
    pub foreign: Vec<Package>,
}

#[derive(Debug)]
pub struct Package {
    id: String,
    pub name: String,
    pub version: String,
    pub license: Option<String>,
    /// The crates that its `Cargo.toml` names.
    pub named: Vec<Dependency>,
    /// The ids of the crates that it is built with: neither its tests nor its build scripts need more.
    resolved: Vec<String>,
}

#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    /// Whether only tests, examples and benches use it.
    pub is_dev: bool,
}

impl Metadata {
    fn read() -> Metadata {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--all-features", "--format-version", "1"])
            .current_dir(workspace_root())
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo metadata starts");
        assert!(output.status.success(), "cargo metadata failed; its words stand above");
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata answers with JSON");
        let nodes = list(&metadata["resolve"]["nodes"]);
        let (members, foreign): (Vec<&Value>, Vec<&Value>) =
            list(&metadata["packages"]).iter().partition(|package| package["source"].is_null());
        let read = |packages: Vec<&Value>| packages.into_iter().map(|value| package(value, nodes)).collect();
        Metadata { members: read(members), foreign: read(foreign) }
    }

    /// The crates that a crate of the workspace is built with, however far away.
    pub fn built_with(&self, member: &str) -> BTreeSet<&str> {
        let packages = || self.members.iter().chain(&self.foreign);
        let start = self.members.iter().find(|package| package.name == member).expect("a crate of the workspace");
        let (mut found, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(package) = next.pop() {
            for dependency in packages().filter(|other| package.resolved.contains(&other.id)) {
                if found.insert(dependency.name.as_str()) {
                    next.push(dependency);
                }
            }
        }
        found
    }
}

fn package(package: &Value, nodes: &[Value]) -> Package {
    let node = nodes.iter().find(|node| node["id"] == package["id"]).expect("each package is resolved");
    let normal = |dependency: &&Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
    Package {
        id: text(&package["id"]),
        name: text(&package["name"]),
        version: text(&package["version"]),
        license: package["license"].as_str().map(str::to_owned),
        named: list(&package["dependencies"])
            .iter()
            .map(|dependency| Dependency { name: text(&dependency["name"]), is_dev: dependency["kind"] == "dev" })
            .collect(),
        resolved: list(&node["deps"]).iter().filter(normal).map(|dependency| text(&dependency["pkg"])).collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
