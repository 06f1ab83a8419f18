//! Boards as Trello exports them: small ones, with one of everything.

use recordplayer_fuzz::script::put_bytes;

use crate::{Seed, seed};

const SMALL: &str = r#"{"id":"B","name":"n","lists":[{"id":"L","name":"To do","pos":1e3}],"cards":[{"id":"C","idList":"L","name":"a","pos":0.5}]}"#;

/// One of everything that an import takes, and of what it leaves out.
const FULL: &str = r#"{
"id":"5e0c70000000000000000001","name":"Board","desc":"words","closed":false,"prefs":{"background":"blue"},
"lists":[{"id":"L1","name":"To do","closed":false,"pos":1},{"id":"L2","name":"To do","closed":false,"pos":2},{"id":"L3","name":"Old","closed":true,"pos":3}],
"labels":[{"id":"G","name":"","color":"green"},{"id":"H","name":"Urgent","color":null}],
"members":[{"id":"M","fullName":"Some Body","username":"somebody"}],
"customFields":[{"id":"F","name":"Cost","type":"number"},{"id":"E","name":"Size","type":"list","options":[{"id":"O","value":{"text":"big"}}]}],
"checklists":[{"id":"K","idCard":"C1","name":"Steps","checkItems":[{"id":"I","name":"Go","state":"complete","pos":1}]}],
"actions":[
{"id":"A3","type":"commentCard","date":"2020-01-01T10:03:00.000Z","idMemberCreator":"M","data":{"text":"Why?","card":{"id":"C1"}}},
{"id":"A2","type":"updateCard","date":"2020-01-01T10:02:00.000Z","idMemberCreator":"M","data":{"card":{"id":"C1","idList":"L2"},"old":{"idList":"L1"},"listBefore":{"id":"L1"},"listAfter":{"id":"L2"}}},
{"id":"A1","type":"updateCard","date":"2020-01-01T10:01:00.000Z","idMemberCreator":"M","data":{"card":{"id":"C1","name":"New"},"old":{"name":"Old"}}},
{"id":"A0","type":"createCard","date":"2020-01-01T10:00:00.000Z","idMemberCreator":"M","data":{"card":{"id":"C1","name":"Old"},"list":{"id":"L1"}}}],
"cards":[{"id":"C1","name":"New","desc":"*text*","closed":false,"idList":"L2","pos":1,"idLabels":["G"],"idMembers":["M"],"due":"2026-03-31T12:00:00.000Z","dueComplete":true,
"attachments":[{"id":"T","name":"Plan","url":"https://example.org/plan"}],"customFieldItems":[{"id":"V","idCustomField":"F","value":{"number":"12.5"}}],"badges":{"comments":3,"votes":1},"cover":{"color":"red"}},
{"id":"C2","name":"In the archive","closed":true,"idList":"L3","pos":2}]}"#;

const COMMENTS: &str = r#"[{"id":"A9","type":"commentCard","date":"2019-01-01T10:00:00.000Z","idMemberCreator":"M","data":{"text":"Early","card":{"id":"C1"}}},
{"id":"A8","type":"updateCard","date":"2019-01-01T10:00:00.000Z","data":{}}]"#;

pub fn seeds() -> Vec<Seed> {
    let mut with_comments = Vec::new();
    put_bytes(&mut with_comments, FULL.as_bytes());
    with_comments.extend(COMMENTS.as_bytes());
    vec![
        seed("trello", "small", SMALL),
        seed("trello", "full", FULL),
        seed(
            "trello",
            "old",
            r#"{"id":"B","name":"n","labelNames":{"green":"go"},"lists":[],"cards":[{"id":"C","name":"x","labels":[{"color":"green","name":"go"}]}]}"#,
        ),
        seed("trello", "list", "[]"),
        seed("trello_comments", "full", with_comments),
    ]
}
