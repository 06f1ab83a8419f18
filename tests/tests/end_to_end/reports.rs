//! Reports, as a manager reads them and takes them along.

use recordplayer_tests::stage::Stage;
use serde_json::{Value, json};

/// Ann and Bo read the same, whoever did it, and by the calendar that Ann has given the project.
#[test]
fn everybody_reads_the_same_reports() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Turntable", "--key", "TT"]);
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    for title in ["Arm", "Bearing", "=Motor"] {
        ann.tell(&["card", "new", title, "--column", "Ready"]);
    }
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    bo.tell(&["card", "move", "TT-1", "--to", "In progress"]);
    bo.tell(&["card", "move", "TT-1", "--to", "Done"]);
    bo.tell(&["card", "move", "TT-2", "--to", "In progress"]);
    assert_eq!((bo.sync(), ann.sync()), (0, 0));

    for kind in ["cycle-time", "velocity", "flow", "breakdown", "states", "people"] {
        assert_eq!(ann.tell(&["report", kind]), bo.tell(&["report", kind]), "{kind}");
    }
    let times = ann.tell(&["report", "cycle-time"]);
    assert_eq!((&times["overall"]["count"], &times["never_active"]), (&json!(1), &json!(0)));
    let held = |person: &recordplayer_tests::stage::Person| {
        person.tell(&["report", "flow"])["days"].as_array().unwrap().last().unwrap()["cards"].clone()
    };
    assert_eq!(held(&ann), json!([1, 1, 1]), "Ready, In progress, Done");
    let sum_of = |name: &str, what: &str| -> u64 {
        let people = ann.tell(&["report", "people"]);
        let weeks: Vec<&Value> =
            people["weeks"].as_array().unwrap().iter().filter(|week| week["name"] == name).collect();
        weeks.iter().map(|week| week[what].as_u64().unwrap()).sum()
    };
    assert_eq!((sum_of("ann", "created"), sum_of("ann", "moved")), (3, 0));
    assert_eq!((sum_of("bo", "created"), sum_of("bo", "moved"), sum_of("bo", "finished")), (0, 3, 1));

    let utc = json!({ "time_zone": "UTC", "week_starts": "monday" });
    assert_eq!(bo.tell(&["project", "calendar"]), utc);
    let set = ["project", "calendar", "--time-zone", "asia/tokyo", "--week-starts", "sunday"];
    assert_eq!(bo.try_to(&set).expect_code(1)["error"]["code"], "managers_shape_projects");
    assert_eq!(ann.tell(&set)["time_zone"], "Asia/Tokyo");
    let nowhere = ["project", "calendar", "--time-zone", "Europe/Nowhere"];
    assert_eq!(ann.try_to(&nowhere).expect_code(2)["error"]["code"], "unknown_time_zone");
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let [one, other] = [&ann, &bo].map(|person| person.tell(&["report", "velocity"]));
    assert_eq!(one, other);
    assert_eq!(bo.tell(&["project", "calendar"]), json!({ "time_zone": "Asia/Tokyo", "week_starts": "sunday" }));

    let file = stage.path("states.csv");
    bo.tell(&["report", "states", "--csv", file.to_str().unwrap()]);
    let lines = std::fs::read_to_string(file).unwrap();
    assert!(lines.contains("\r\nTurntable,Done,done,1,1,0,0,0,0,0,0,0\r\n"), "{lines}");
    let printed = ann.tell(&["report", "cycle-time", "--csv", "-"])["csv"].as_str().unwrap().to_owned();
    assert!(printed.starts_with("board,column,kind,cards,"), "{printed}");
    let backwards = ["report", "flow", "--from", "2026-03-02", "--to", "2026-03-01"];
    assert_eq!(ann.try_to(&backwards).expect_code(2)["error"]["code"], "bad_period");
    assert_eq!(ann.try_to(&["report", "people", "--board", "Turntable"]).expect_code(2)["error"]["code"], "wrong_use");
}
