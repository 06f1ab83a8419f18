//! A device's folder: who may look into it, and its main store, which is begun anew where it is damaged.

use std::path::Path;

use recordplayer_store::{FileKind, OpenError as FileError, RedbStore};

use crate::clock::now;
use crate::device::OpenError;
use crate::inner::Inner;

/// The file of logs, models and views.
pub const STORE_FILE: &str = "store.redb";
/// What is here says that the main store has rotted, and why that is known.
const ROTTEN_FILE: &str = "store.redb.rotten";
/// The file of what waits and what was refused.
pub const OUTBOX_FILE: &str = "outbox.redb";

/// The folder holds tokens and everything a person works on: only its owner may look into it. On Windows the folder of the person's profile, in
/// which it lies, lets nobody else in, and what is made there inherits that.
pub(crate) fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// The main store is rotten somewhere: it goes on as it is, and the next start begins it anew.
pub(crate) fn set_aside_next_time(inner: &Inner) {
    let rotten = inner.folder.join(ROTTEN_FILE);
    if rotten.exists() {
        return;
    }
    if let Err(error) = std::fs::write(&rotten, "its disk has lost what was written") {
        return tracing::error!(%error, "the rotten store cannot be marked; it is looked at again later");
    }
    inner.notice(
        "The file of the projects on this device has rotted. Start the program again: the file is then set aside, and the projects are fetched anew \
         from the server. What waits in the outbox is kept"
            .to_owned(),
    );
}

/// Opens the main store; a damaged one is set aside and begun anew, for what it held is at the servers.
pub(crate) fn open_store(folder: &Path, cache_bytes: usize, notices: &mut Vec<String>) -> Result<RedbStore, OpenError> {
    let path = folder.join(STORE_FILE);
    let rotten = folder.join(ROTTEN_FILE);
    let opened = match std::fs::read_to_string(&rotten) {
        Ok(what) if path.exists() => Err(FileError::Damaged { kind: FileKind::Store, what, path: path.clone() }),
        Ok(_) | Err(_) => RedbStore::open_with(&path, cache_bytes),
    };
    match opened {
        Err(FileError::Damaged { what, .. }) => {
            let aside = folder.join(format!("{STORE_FILE}.damaged-{}", now().0));
            std::fs::rename(&path, &aside).map_err(OpenError::Folder)?;
            if rotten.exists() {
                std::fs::remove_file(&rotten).map_err(OpenError::Folder)?;
            }
            notices.push(format!(
                "The projects on this device were damaged ({what}). They are fetched anew, those of a server from there; what waits in the outbox is kept. \
                 The damaged file lies in {}",
                aside.display()
            ));
            Ok(RedbStore::open_with(&path, cache_bytes)?)
        }
        other => Ok(other?),
    }
}
