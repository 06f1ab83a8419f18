//! Issues and tables as other products export them: small ones, with one of everything.

use recordplayer_fuzz::script::put_bytes;

use crate::{Seed, seed};

const API: &str = r#"[
{"number":2,"title":"Second","body":"*b*","state":"closed","state_reason":"not_planned","user":{"login":"ann"},"labels":[{"name":"bug","color":"d73a4a"}],
"assignees":[{"login":"bo"}],"milestone":{"title":"v1"},"comments":1,"created_at":"2026-01-02T10:00:00Z","closed_at":"2026-01-03T10:00:00Z","closed_by":{"login":"bo"},
"html_url":"https://github.com/our/turntable/issues/2","url":"https://api.github.com/repos/our/turntable/issues/2","repository_url":"https://api.github.com/repos/our/turntable"},
{"number":3,"title":"A change","state":"open","pull_request":{"url":"x"},"html_url":"https://github.com/our/turntable/pull/3"},
{"number":1,"title":"First","body":null,"state":"open","user":{"login":"ann"},"labels":["bug","idea"],"assignees":[],"milestone":null,"comments":0,
"created_at":"2026-01-01T10:00:00Z","closed_at":null,"html_url":"https://github.com/our/turntable/issues/1"}]"#;

const GH: &str = r#"[{"number":2,"title":"Second","state":"CLOSED","stateReason":"NOT_PLANNED","author":{"login":"ann","name":"Ann"},"url":"https://github.com/our/turntable/issues/2",
"createdAt":"2026-01-02T10:00:00Z","closedAt":"2026-01-03T10:00:00Z","labels":[{"id":"L","name":"bug","color":"d73a4a","description":""}],
"comments":[{"id":"IC_1","author":{"login":"bo"},"body":"Why?","createdAt":"2026-01-02T11:00:00Z","url":"https://github.com/our/turntable/issues/2#issuecomment-77"}]}]"#;

const JIRA: &str = r#"{"id":"1","key":"TT-1","fields":{"summary":"Spin","description":"h2. Why\r\n*fast*","status":{"id":"1","name":"Open","statusCategory":{"key":"new"}},"issuetype":{"name":"Bug"},
"project":{"key":"TT","name":"Turntable"},"priority":{"name":"Critical"},"labels":["motor"],"components":[{"id":"9","name":"core"}],"created":"2026-01-01T10:00:00.000+0000",
"reporter":{"key":"ann","displayName":"Ann"},"assignee":{"key":"bo","displayName":"Bo"},"duedate":"2026-02-01","customfield_10001":3,
"issuelinks":[{"id":"5","type":{"name":"Blocks","inward":"is blocked by","outward":"blocks"},"outwardIssue":{"key":"TT-2"}},
{"id":"6","type":{"name":"Relates","inward":"relates to","outward":"relates to"},"outwardIssue":{"key":"ELSE-1"}}],
"attachment":[{"id":"7","filename":"a b.png","created":"2026-01-01T10:00:00.000+0000"}],
"comment":{"total":2,"comments":[{"id":"8","author":{"key":"bo","displayName":"Bo"},"body":"{{ok}}","created":"2026-01-01T11:00:00.000+0000"},{"id":"10","created":"2026-01-01T11:00:00.000+0000"}]}}}
{"id":"2","key":"TT-2","self":"https://jira.example.org/rest/api/2/issue/2","fields":{"summary":"Play","status":{"id":"5","name":"Resolved","statusCategory":{"key":"done"}},
"created":"2026-01-02T10:00:00.000+0000","resolutiondate":"2026-01-05T10:00:00.000+0000","resolution":{"name":"Fixed"},"parent":{"key":"TT-1"},
"issuelinks":[{"id":"5","type":{"name":"Blocks","inward":"is blocked by","outward":"blocks"},"inwardIssue":{"key":"TT-1"}}]},
"changelog":{"histories":[{"id":"20","author":{"key":"bo"},"created":"2026-01-03T10:00:00.000+0000","items":[{"field":"status","fromString":"Open","toString":"In Progress"}]},
{"id":"21","author":{"key":"bo"},"created":"2026-01-05T10:00:00.000+0000","items":[{"field":"status","fromString":"In Progress","toString":"Resolved"}]}]}}"#;

/// A document, as Jira Cloud has them for texts, in a page of a search.
const PAGE: &str = r#"{"issues":[{"key":"TT-1","fields":{"summary":"a","description":{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"b"}]}]},
"status":{"name":"Done"},"comment":{"total":1,"comments":[]}}}]}"#;

/// Most of Jira's markup.
const MARKUP: &str = r#"{"key":"A-1","fields":{"summary":"a","status":{"name":"Open"},"description":"h1. x\n*b* _i_ -d- +u+ ??c?? {{m}} [t|https://example.org] [~ann] [^f.txt] !p.png|thumbnail!\n* a\n*# b\n||h||\n|c|d|\n{code:java}\nx\n{code}\n{quote}q{noformat}n{noformat}{quote}\n----\n{color:red}r{color} \\* <b>"}}"#;

const LINEAR: &str = "ID,Team,Title,Status,Estimate,Priority,Labels,Cycle Name,Created,Completed,Archived,Due Date,Parent issue\n\
    T-1,Team,First,Todo,3,High,\"Bug, Idea\",Cycle 1,Tue Aug 23 2022 13:54:01 GMT+0000 (GMT),,,,T-2\n\
    T-2,Team,Second,Done,,No priority,,,Wed Aug 24 2022 14:06:02 GMT+0000 (GMT),Sat Feb 11 2023 01:51:53 GMT+0000 (GMT),Sat Feb 11 2023 01:51:53 GMT+0000 (GMT),,\n";

const JIRA_TABLE: &str = "Summary,Issue key,Issue id,Status,Created,Resolved,Labels,Labels,Comment,Attachment,Parent id\n\
    a,T-1,1,Done,05/Feb/16 3:04 PM,06/Feb/16 3:04 PM,x,y,05/Feb/16 3:04 PM;ann;Why?,05/Feb/16 3:04 PM;ann;f;https://example.org/f,\n\
    b,T-2,2,Open,,,,,,,1\n";

const WEKAN: &str = "Title,Description,Stage,Owner,Members,Labels,Due Date,start date\nA,b,Stage 2,ann,bo cy,One-blue Two,05/06/2020,03/20/2020\n";

const FRENCH: &str = "\u{feff}Titre;Étiquettes;Échéance\n\"a;b\nc\";x/y/;31.12.2026\n";

pub fn seeds() -> Vec<Seed> {
    let table = |mapping: &str, table: &str| {
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, mapping.as_bytes());
        bytes.extend(table.as_bytes());
        bytes
    };
    vec![
        seed("github", "api", API),
        seed("github", "gh", GH),
        seed("github", "pages", "[]\n[{\"number\":1}]"),
        seed("jira", "lines", JIRA),
        seed("jira", "page", PAGE),
        seed("jira", "markup", MARKUP),
        seed("table", "linear", table("", LINEAR)),
        seed("table", "jira", table("", JIRA_TABLE)),
        seed("table", "wekan", table("", WEKAN)),
        seed("table", "french", table("", FRENCH)),
        seed("table", "mapped", table("Title=Thing", "Thing\tWhen\na\t1/2/2020\n")),
        seed("table", "circle", table("", "Key,Title,Parent\nA,a,B\nB,b,A\n")),
    ]
}
