//! The product's server as a process of its own.

use recordplayer_server::Server;

/// Serves a new folder until it is killed.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let server = Server::open(recordplayer_kanban::domain().shared(), folder.path())?;
    let serving = server.start("127.0.0.1:0")?;
    serving.control().accounts().add_user("bench")?;
    let token = serving.control().accounts().new_token("bench")?;
    println!("{} {token}", serving.address());
    loop {
        std::thread::park();
    }
}
