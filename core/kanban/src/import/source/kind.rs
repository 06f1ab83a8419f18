//! A guess at what a column is for, from its name.

use serde::Serialize;

use ColumnKindGuess::{Active, Backlog, Cancelled, Done, Ready};

/// What a column is for. A guess: whoever imports shows it, and it can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKindGuess {
    Backlog,
    Ready,
    Active,
    Done,
    Cancelled,
}

/// The kind that `name` tells, and `Backlog` where it tells none: that claims least, since no work begins or ends there.
pub fn guess_kind(name: &str) -> ColumnKindGuess {
    known_kind(name).unwrap_or(Backlog)
}

/// The kind that `name` tells in one of the languages known here, `None` where it tells none.
///
/// The tables are gone through in their order, and the first phrase that the name holds decides. A phrase of letters must be
/// there as whole words (`incomplete` is not `complete`); Chinese, Japanese and Korean write no spaces that could be relied on,
/// so theirs are looked for anywhere.
pub fn known_kind(name: &str) -> Option<ColumnKindGuess> {
    let words = words(name);
    let spaced = format!(" {words} ");
    let compact = words.replace(' ', "");
    let by_words = |phrases: &str| phrases.split('|').any(|phrase| spaced.contains(&format!(" {phrase} ")));
    let by_parts = |phrases: &str| phrases.split('|').any(|part| compact.contains(part));
    let in_words = WORDS.iter().find(|(_, phrases)| by_words(phrases)).map(|(kind, _)| *kind);
    in_words.or_else(|| PARTS.iter().find(|(_, phrases)| by_parts(phrases)).map(|(kind, _)| *kind))
}

/// Whole words, parted by `|` and folded as [`words`] does. Phrases that hold a word of a later row and mean something else
/// come first.
const WORDS: &[(ColumnKindGuess, &str)] = &[
    (
        Ready,
        "not started|not done|to be done|sprint backlog|ready to start|ready to work|ready for work|\
         ready for dev|ready for development|ready to develop|selected for development|to do|todo|todos|\
         nicht begonnen|noch nicht begonnen|zu erledigen|non commence|pas commence|a faire|sin empezar|\
         por hacer|a fazer|da fare|te doen|att gora|at gore|a gjore|do zrobienia|k vyrizeni|nao iniciado|\
         не начато|к выполнению|сделать|до виконання|зробити|yapilacak|yapilacaklar",
    ),
    (
        Cancelled,
        "canceled|cancelled|abandoned|rejected|declined|wont do|won t do|wontfix|wont fix|won t fix|\
         not doing|dropped|discarded|duplicate|duplicates|invalid|obsolete|stopped|abgebrochen|verworfen|\
         abgelehnt|storniert|annule|annulee|abandonne|rejete|cancelado|cancelados|cancelada|canceladas|\
         descartado|rechazado|annullato|annullati|scartato|geannuleerd|avbruten|avbrutt|annulleret|anulowane|\
         odrzucone|zruseno|отменено|отмена|отклонено|скасовано|iptal|iptal edildi",
    ),
    (
        Active,
        "ready for qa|ready for review|ready for test|ready for testing|ready for deploy|ready for release|\
         ready to merge|ready to test|ready to review|ready to deploy|ready to release|ready to ship|\
         to review|to test|to verify|to deploy|to merge|in progress|work in progress",
    ),
    (
        Done,
        "done|complete|completed|finished|closed|resolved|fixed|shipped|released|deployed|delivered|merged|\
         archive|archived|live|accepted|erledigt|fertig|abgeschlossen|geschlossen|fini|finis|fait|faits|\
         termine|terminee|termines|terminees|ferme|hecho|hechos|terminado|terminados|completado|completados|\
         finalizado|cerrado|feito|feitos|concluido|concluidos|concluida|concluidas|pronto|fatto|fatti|\
         completato|completati|finito|chiuso|gedaan|klaar|afgerond|voltooid|klart|klar|fardig|ferdig|faerdig|\
         gjort|zrobione|gotowe|ukonczone|zakonczone|hotovo|dokonceno|готово|сделано|выполнено|завершено|\
         закрыто|виконано|зроблено|bitti|tamamlandi|yapildi",
    ),
    (
        Active,
        "doing|active|wip|working|working on|started|ongoing|current|underway|now|developing|in development|\
         implementing|in dev|review|reviewing|code review|qa|test|testing|verify|verifying|verification|\
         validation|staging|uat|blocked|on hold|waiting|pending|in arbeit|in bearbeitung|laufend|wartet|\
         wartend|en cours|en attente|en revue|en curso|en progreso|en proceso|haciendo|en revision|\
         em andamento|em progresso|fazendo|em curso|em revisao|in corso|in lavorazione|in revisione|bezig|\
         mee bezig|in uitvoering|pagaende|pagar|i gang|igang|w toku|w trakcie|probiha|rozpracovano|в работе|\
         в процессе|на проверке|выполняется|в роботі|в процесі|yapiliyor|devam eden|devam ediyor|surecte",
    ),
    (
        Ready,
        "ready|next|up next|next up|selected|planned|scheduled|queue|queued|today|tomorrow|this week|\
         this sprint|committed|prioritized|prioritised|approved|bereit|geplant|als nachstes|heute|\
         diese woche|pret|prets|prochain|prevu|planifie|aujourd hui|listo|listos|siguiente|proximo|proximos|\
         planificado|hoy|planejado|a seguir|hoje|pronti|prossimo|prossimi|pianificato|oggi|gepland|volgende|\
         vandaag|planerat|redo|planlagt|nastepne|zaplanowane|naplanovano|запланировано|на очереди|сегодня|\
         заплановано|sirada|planlandi",
    ),
    (
        Backlog,
        "backlog|icebox|idea|ideas|someday|maybe|later|wishlist|wish list|wishes|inbox|triage|parking lot|\
         future|future work|requests|requested|proposed|proposals|new|open|incoming|unsorted|brainstorm|\
         suggestions|ideen|irgendwann|spater|wunschliste|eingang|neu|offen|idee|idees|plus tard|\
         boite a idees|nouveau|un jour|pendiente|pendientes|algun dia|nuevo|nuevos|ideias|ideia|novo|novos|\
         pendente|pendentes|um dia|arretrato|nuovo|nuovi|in sospeso|ideeen|nieuw|ooit|ideer|nya|nye|pomysly|\
         nowe|zaleglosci|napady|nove|бэклог|беклог|идеи|идея|новые|новое|ідеї|нові|fikirler|yeni",
    ),
];

/// Parts of names without spaces, parted by `|`, in the same order of meaning.
const PARTS: &[(ColumnKindGuess, &str)] = &[
    (Backlog, "やりたいこと|やりたい事|いつかやる"),
    (Cancelled, "やらないこと|やらない事|やらない|不做"),
    (
        Ready,
        "やること|やる事|未着手|未完了|未対応|未処理|着手可|今日やる|次にやる|次やる|未开始|未開始|未完成|\
         待办|待辦|待处理|待處理|要做|准备就绪|할일|해야할|시작전|미완료",
    ),
    (Cancelled, "中止|却下|キャンセル|取り消し|取消|ボツ|見送り|已拒绝|放弃|放棄|作废|취소|중단"),
    (
        Active,
        "作業中|進行中|対応中|処理中|実行中|着手中|開発中|実装中|確認中|確認待ち|レビュー|テスト中|検証中|\
         やってる|やっている|仕掛|ブロック|进行中|进行|处理中|處理中|开发中|開發中|正在|测试中|測試中|审核|\
         審核|评审|待审|진행중|진행|하는중|작업중|검토|테스트중",
    ),
    (
        Done,
        "完了|クローズ|終了|やったこと|できた|済み|済|完成|リリース済|解決|结束|結束|已关闭|已關閉|已解决|\
         已发布|완료|끝|종료",
    ),
    (
        Backlog,
        "バックログ|アイデア|アイディア|保留|いつか|要望|受付|新規|积压|積壓|需求池|想法|以后|以後|新建|\
         백로그|아이디어|나중에|보류",
    ),
];

/// The words of `name` in lower case, without accents and with one space between them; full-width Latin becomes plain.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len());
    for letter in name.chars().map(plain_width).flat_map(char::to_lowercase) {
        if is_combining(letter) {
            continue;
        }
        match unaccented(letter) {
            Some(plain) => words.push_str(plain),
            None if letter.is_alphanumeric() || letter == 'ー' => words.push(letter),
            None if !words.ends_with(' ') => words.push(' '),
            None => {}
        }
    }
    words.trim().to_owned()
}

/// Full-width forms U+FF01 to U+FF5E are the ASCII characters, moved.
fn plain_width(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

/// Accents that stand as characters of their own, as some systems write names.
fn is_combining(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

fn unaccented(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' | 'ū' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_are(kind: ColumnKindGuess, names: &[&str]) {
        for name in names {
            assert_eq!(known_kind(name), Some(kind), "{name}");
        }
    }

    #[test]
    fn english_names_tell_their_kind() {
        all_are(
            Backlog,
            &["Backlog", "Backlog/Future Work/Ideas", "Product backlog", "Ideas 💡", "Someday / Maybe", "ICEBOX"],
        );
        all_are(
            Ready,
            &["To Do", "Todo", "TO-DO", "📝 To do (this week)", "Up Next", "Ready", "Next", "Sprint Backlog"],
        );
        all_are(
            Active,
            &["In Progress", "Doing", "WIP", "Ready for QA", "Ready to merge", "Code Review", "Blocked", "On hold"],
        );
        all_are(Done, &["Done", "✅ Done!", "Completed", "Closed", "Shipped 2024", "Done this week"]);
        all_are(Cancelled, &["Canceled", "Cancelled", "Won't do", "Won’t fix", "Rejected"]);
    }

    #[test]
    fn a_word_within_another_phrase_does_not_decide() {
        all_are(Ready, &["Not done", "Not started", "To be done", "Ready for development"]);
        all_are(Cancelled, &["Not doing"]);
        assert_eq!(known_kind("Incomplete"), None);
        assert_eq!(known_kind("Contest"), None);
    }

    #[test]
    fn japanese_names_tell_their_kind() {
        all_are(Backlog, &["やりたいこと", "バックログ", "アイデア"]);
        all_are(Ready, &["やること", "未着手", "未完了", "ＴＯＤＯ"]);
        all_are(Active, &["作業中", "進行中", "レビュー待ち", "Ｄｏｉｎｇ"]);
        all_are(Done, &["クローズ", "完了", "対応済み"]);
        all_are(Cancelled, &["中止", "やらないこと", "キャンセル"]);
    }

    #[test]
    fn other_languages_tell_their_kind_with_and_without_accents() {
        all_are(Backlog, &["Ideen", "Boîte à idées", "Pendientes", "Бэклог", "想法", "백로그"]);
        all_are(
            Ready,
            &["Zu erledigen", "À faire", "A FAIRE", "Por hacer", "A fazer", "Da fare", "Att göra", "待办", "할 일"],
        );
        all_are(Ready, &["Do zrobienia", "Сделать", "Yapılacaklar", "Te doen", "未完成"]);
        all_are(
            Active,
            &["In Bearbeitung", "En cours", "En curso", "Em andamento", "In corso", "Pågående", "进行中", "진행 중"],
        );
        all_are(Active, &["W toku", "В работе", "Bezig", "Yapılıyor"]);
        all_are(
            Done,
            &["Erledigt", "Terminé", "Termine\u{301}", "Hecho", "Concluído", "Fatto", "Färdig", "已完成", "완료"],
        );
        all_are(Done, &["Zrobione", "Готово", "Klaar", "Tamamlandı"]);
        all_are(Cancelled, &["Abgebrochen", "Annulé", "Cancelado", "Отменено", "已取消", "취소"]);
    }

    #[test]
    fn a_name_that_tells_nothing_is_a_backlog() {
        for name in ["", "   ", "🚀", "Landing Page", "Config Repo SPA", "Documentation/Release Notes"] {
            assert_eq!(known_kind(name), None, "{name}");
            assert_eq!(guess_kind(name), Backlog, "{name}");
        }
    }

    #[test]
    fn every_phrase_of_the_tables_can_be_met() {
        for (_, phrases) in WORDS {
            for phrase in phrases.split('|') {
                assert_eq!(words(phrase), phrase, "a phrase must stand folded in the table");
                assert!(known_kind(phrase).is_some());
            }
        }
        for (_, parts) in PARTS {
            for part in parts.split('|') {
                assert_eq!(words(part), part, "a part must stand folded in the table");
            }
        }
    }
}
