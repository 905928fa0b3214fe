//! What changed between two schemas.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{real_file, schema, schema_of};
use tl_parser::diff::{Class, Diff, What, diff};
use tl_parser::source::Source;

fn between(old: &str, new: &str) -> Diff {
    diff(&schema_of(old), &schema_of(new))
}

/// One line for each detail: the class, the declaration's name, the change in words.
fn lines(diff: &Diff) -> Vec<String> {
    let details = diff.changes.iter().flat_map(|change| {
        let name = &change.name;
        let details = change.details.iter();
        details.map(move |detail| format!("{}: {name}: {}", detail.class, detail.what))
    });
    details.collect()
}

fn lines_between(old: &str, new: &str) -> Vec<String> {
    lines(&between(old, new))
}

/// The flags that moved, came or went under an unchanged id between layers 114 and 186, found by a
/// comparison of the two texts that knows nothing of this crate.
const SILENT_114_186: &str = "\
    inputMediaUploadedPhoto#1e287d04 spoiler: flags.2
    inputMediaPhoto#b3ba0635 spoiler: flags.1
    inputMediaUploadedDocument#5b38c6c1 force_file: flags.4
    inputMediaUploadedDocument#5b38c6c1 spoiler: flags.5
    inputMediaPhotoExternal#e5bbfe1a spoiler: flags.1
    inputMediaDocumentExternal#fb52dc99 spoiler: flags.1
    messageMediaPhoto#695150d7 spoiler: flags.3
    messageActionPaymentSentMe#8f31b327 recurring_init: flags.2
    messageActionPaymentSentMe#8f31b327 recurring_used: flags.3
    updateServiceNotification#ebe46819 invert_media: flags.2
    updateStickerSetsOrder#0bb2d201 emojis: flags.1
    dcOption#18b7a10d this_port_only: flags.5
    webPage#e89c45b2 has_large_media: flags.13
    authorization#ad01d61d encrypted_requests_disabled: flags.3
    authorization#ad01d61d call_requests_disabled: flags.4
    authorization#ad01d61d unconfirmed: flags.5
    inputBotInlineMessageMediaAuto#3380c786 invert_media: flags.3
    inputBotInlineMessageText#3dcd7a87 invert_media: flags.3
    botInlineMessageMediaAuto#764cf810 invert_media: flags.3
    botInlineMessageText#8c7f65e2 invert_media: flags.3
    phoneCallDiscarded#50ca4de1 video: flags.5 to flags.6
    channelAdminLogEventsFilter#ea107ae4 group_call: flags.14
    channelAdminLogEventsFilter#ea107ae4 invites: flags.15
    channelAdminLogEventsFilter#ea107ae4 send: flags.16
    channelAdminLogEventsFilter#ea107ae4 forums: flags.17
    chatAdminRights#5fb224d5 anonymous: flags.10
    chatAdminRights#5fb224d5 manage_call: flags.11
    chatAdminRights#5fb224d5 other: flags.12
    chatAdminRights#5fb224d5 manage_topics: flags.13
    chatAdminRights#5fb224d5 post_stories: flags.14
    chatAdminRights#5fb224d5 edit_stories: flags.15
    chatAdminRights#5fb224d5 delete_stories: flags.16
    chatBannedRights#9f120418 manage_topics: flags.18
    chatBannedRights#9f120418 send_photos: flags.19
    chatBannedRights#9f120418 send_videos: flags.20
    chatBannedRights#9f120418 send_roundvideos: flags.21
    chatBannedRights#9f120418 send_audios: flags.22
    chatBannedRights#9f120418 send_voices: flags.23
    chatBannedRights#9f120418 send_docs: flags.24
    chatBannedRights#9f120418 send_plain: flags.25
    account.getNotifyExceptions#53577479 compare_stories: flags.2
    messages.reorderStickerSets#78337739 emojis: flags.1
    messages.editInlineBotMessage#83557dba invert_media: flags.16
    messages.getArchivedStickers#57f17692 emojis: flags.1
    messages.updatePinnedMessage#d2aaf7ec unpin: flags.1
    messages.updatePinnedMessage#d2aaf7ec pm_oneside: flags.2
    channels.getAdminedPublicChannels#f8b036af for_personal: flags.2
";

#[test]
fn between_layers_114_and_186_just_these_flags_changed_silently() {
    let (Some(old), Some(new)) = (
        real_file("telegram/api-114.tl"),
        real_file("telegram/api-186.tl"),
    ) else {
        return;
    };
    let old = schema(Source::from_bytes("api-114.tl", old).unwrap());
    let new = schema(Source::from_bytes("api-186.tl", new).unwrap());
    let diff = diff(&old, &new);
    let mut silent = Vec::new();
    for change in &diff.changes {
        for detail in change.details.iter().filter(|d| d.class == Class::Silent) {
            assert_eq!(change.old_id, change.new_id);
            let flag = |ty: &str| ty.strip_suffix("?true").unwrap().to_owned();
            let (field, flag) = match &detail.what {
                What::FieldAdded { field, ty } | What::FieldRemoved { field, ty } => {
                    (field, flag(ty))
                }
                What::FlagMoved { field, from, to } => (field, format!("{from} to {to}")),
                other => panic!("{}: {other}", change.name),
            };
            silent.push(format!(
                "{}#{:08x} {field}: {flag}",
                change.name,
                change.new_id.unwrap()
            ));
        }
    }
    let mut expected: Vec<_> = SILENT_114_186.lines().map(str::trim).collect();
    expected.sort_unstable();
    silent.sort_unstable();
    assert_eq!(silent, expected);
    assert_eq!(diff.count(Class::Silent), 47);

    // Counted in the two texts as well.
    let count = |what: fn(&What) -> bool| {
        let details = diff.changes.iter().flat_map(|change| &change.details);
        details.filter(|detail| what(&detail.what)).count()
    };
    assert_eq!(count(|what| matches!(what, What::Added { .. })), 856);
    assert_eq!(count(|what| matches!(what, What::Removed { .. })), 23);
    assert_eq!(count(|what| matches!(what, What::IdChanged)), 294);
    assert_eq!(count(|what| matches!(what, What::Renamed { .. })), 0);
    assert_eq!(count(|what| matches!(what, What::IdReused { .. })), 0);
}

#[test]
fn a_schema_does_not_differ_from_itself() {
    for path in common::real_schemas() {
        let source = Source::from_bytes("a.tl", std::fs::read(&path).unwrap()).unwrap();
        if let Some(schema) = common::valid_schema(source) {
            let diff = diff(&schema, &schema);
            assert!(diff.is_empty(), "{}: {diff}", path.display());
        }
    }
}

#[test]
fn additions() {
    assert_eq!(
        lines_between("a = A;", "a = A; b = B;"),
        ["compatible: b: new, of the new type B"]
    );
    assert_eq!(
        lines_between("a = A;", "a = A; b = A;"),
        ["breaking: b: new, of type A"]
    );
    assert_eq!(
        lines_between("a = A;", "a = A; ---functions--- f = A;"),
        ["compatible: f: new, of type A"]
    );
}

#[test]
fn removals() {
    assert_eq!(
        lines_between("a = A; b = B;", "a = A;"),
        ["breaking: b: removed, of type B"]
    );
    assert_eq!(
        lines_between("a = A; ---functions--- f = A;", "a = A;"),
        ["breaking: f: removed, of type A"]
    );
}

#[test]
fn flags_under_the_same_id() {
    let old = "a#00000001 flags:# x:flags.1?true y:flags.2?int = A;";
    for (new, expected) in [
        (
            "a#00000001 flags:# x:flags.3?true y:flags.2?int = A;",
            "silent: a: `x` moved from flags.1 to flags.3",
        ),
        (
            "a#00000001 flags:# x:flags.1?true y:flags.2?int z:flags.0?true = A;",
            "silent: a: `z` came: flags.0?true",
        ),
        (
            "a#00000001 flags:# y:flags.2?int = A;",
            "silent: a: `x` went: flags.1?true",
        ),
        (
            "a#00000001 flags:# x:flags.1?true y:int = A;",
            "silent: a: `y` is always there instead of under flags.2",
        ),
        (
            "a#00000001 flags:# x:flags.1?true y:flags.2?long = A;",
            "silent: a: `y` is long instead of int",
        ),
        (
            "a#00000001 flags:# z:flags.1?true y:flags.2?int = A;",
            "breaking: a: `x` is named `z`",
        ),
        (
            "a#00000001 mode:# x:mode.1?true y:mode.2?int = A;",
            "breaking: a: `flags` is named `mode`",
        ),
    ] {
        assert_eq!(lines_between(old, new), [expected], "{new}");
    }
    // A flag has no bytes, so its place means nothing.
    let new = "a#00000001 flags:# y:flags.2?int x:flags.1?true = A;";
    assert_eq!(lines_between(old, new), [""; 0]);
}

#[test]
fn fields_under_another_id() {
    assert_eq!(
        lines_between("a x:int y:long = A;", "a y:long x:int z:string = A;"),
        [
            "breaking: a: another id",
            "breaking: a: `y` moved to the front",
            "breaking: a: `z` came: string"
        ]
    );
}

#[test]
fn the_order_under_the_same_id() {
    assert_eq!(
        lines_between(
            "a#00000001 v:int w:int x:int y:int = A;",
            "a#00000001 y:int v:int w:int x:int = A;"
        ),
        ["silent: a: `y` moved to the front"]
    );
}

/// `bytes` and `string` are written the same, and Telegram's rule does not tell them apart.
#[test]
fn another_type_with_the_same_bytes() {
    // The id is computed from `a x:string = A` in both.
    let text = |ty| format!("a#daccc248 x:{ty} = A;");
    assert_eq!(
        lines_between(&text("bytes"), &text("string")),
        ["breaking: a: `x` is string instead of bytes"]
    );
}

#[test]
fn names_and_ids() {
    assert_eq!(
        lines_between("a#00000001 x:int = A;", "b#00000001 x:int = A;"),
        ["breaking: b: renamed from a to b"]
    );
    assert_eq!(
        lines_between("a#00000001 x:int = A;", "a#00000002 x:int = A;"),
        ["breaking: a: another id"]
    );
    // Two declarations exchange their ids.
    assert_eq!(
        lines_between(
            "a#00000001 = A; b#00000002 = A;",
            "a#00000002 = A; b#00000001 = A;"
        ),
        [
            "breaking: a: another id",
            "silent: a: the id was that of b",
            "breaking: b: another id",
            "silent: b: the id was that of a"
        ]
    );
    // A type of another name, but with the same constructors, is another word for the same bytes.
    assert_eq!(
        lines_between(
            "a#00000001 = A; b#00000002 x:A = B;",
            "a#00000001 = C; b#00000002 x:C = B;"
        ),
        [
            "breaking: a: results in C instead of A",
            "breaking: b: `x` is C instead of A"
        ]
    );
}

#[test]
fn results() {
    let types = "a = A; b = B; ---functions---";
    assert_eq!(
        lines_between(
            &format!("{types} f#00000001 = A;"),
            &format!("{types} f#00000001 = B;")
        ),
        ["silent: f: results in B instead of A"]
    );
    assert_eq!(
        lines_between(&format!("{types} f = A;"), &format!("{types} f = B;")),
        [
            "breaking: f: another id",
            "breaking: f: results in B instead of A"
        ]
    );
}

/// A bare value has no id: what contains it changes with it, under its own old id.
#[test]
fn bare_values() {
    assert_eq!(
        lines_between(
            "point x:int = Point; line#00000001 from:point to:%Point = Line; \
             lines#00000002 all:vector<line> = Lines; boxed#00000003 a:Point = Boxed;",
            "point x:int y:int = Point; line#00000001 from:point to:%Point = Line; \
             lines#00000002 all:vector<line> = Lines; boxed#00000003 a:Point = Boxed;"
        ),
        [
            "breaking: point: another id",
            "breaking: point: `y` came: int",
            "silent: line: `from` contains a bare point, whose bytes changed",
            "silent: line: `to` contains a bare point, whose bytes changed",
            "silent: lines: `all` contains a bare line, whose bytes changed"
        ]
    );
}

#[test]
fn default_constructors_have_no_id() {
    assert_eq!(
        lines_between(
            "e code:int = R; _ v:int = R;",
            "e code:int = R; _ v:long = R;"
        ),
        ["silent: _: `v` is long instead of int"]
    );
}

#[test]
fn sections_and_annotations() {
    assert_eq!(
        lines_between("===8=== a#00000001 = A;", "===17=== a#00000001 = A;"),
        ["compatible: a: moved from layer 8 to layer 17"]
    );
    assert_eq!(
        lines_between(
            "a = A; ---functions--- @read f = A;",
            "a = A; ---functions--- @write f = A;"
        ),
        ["compatible: f: annotations were @read, are @write"]
    );
}

#[test]
fn repetitions() {
    assert_eq!(
        lines_between(
            "a#00000001 n:# x:n*[ k:int v:string ] = A;",
            "a#00000001 n:# x:n*[ k:int v:long ] = A;"
        ),
        ["silent: a: `x` is n*[ k:int v:long ] instead of n*[ k:int v:string ]"]
    );
    assert_eq!(
        lines_between(
            "a#00000001 n:# x:n*[ k:int v:string ] = A;",
            "a#00000001 n:# x:n*[ k:int w:string ] = A;"
        ),
        ["breaking: a: `x` is n*[ k:int w:string ] instead of n*[ k:int v:string ]"]
    );
}

#[test]
fn in_words() {
    let diff = between(
        "call#50ca4de1 flags:# video:flags.5?true = Call; old#00000001 = Old;",
        "call#50ca4de1 flags:# video:flags.6?true = Call; new#00000002 = New;",
    );
    expect_test::expect![[r"
        constructor call#50ca4de1
          silent      `video` moved from flags.5 to flags.6
        constructor old#00000001
          breaking    removed, of type Old
        constructor new#00000002
          compatible  new, of the new type New
        1 silent, 1 breaking, 1 compatible changes
    "]]
    .assert_eq(&diff.to_string());
    assert_eq!(diff.worst(), Some(Class::Silent));
}

#[cfg(feature = "json")]
#[test]
fn as_json() {
    let diff = between(
        "call#50ca4de1 flags:# video:flags.5?true = Call;",
        "call#50ca4de1 flags:# video:flags.6?true = Call;",
    );
    expect_test::expect![[r#"
        {
          "changes": [
            {
              "kind": "constructor",
              "name": "call",
              "layer": null,
              "old_id": "50ca4de1",
              "new_id": "50ca4de1",
              "details": [
                {
                  "class": "silent",
                  "change": "flag-moved",
                  "field": "video",
                  "from": "flags.5",
                  "to": "flags.6"
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&diff).unwrap());
}
