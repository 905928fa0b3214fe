//! `tl-gen generate`: what a build script gets by `Config`, a command gets by its options.

use tl_codegen::{Boxing, Codec, Config, IdRule, Objects, Ownership, Side};
use tl_parser::source::Source;

use super::{schemas, scratch, tl_gen};

/// What the options print is what the library makes by these knobs.
fn same(arguments: &[&str], config: &Config) {
    let name = "clean.tl";
    let text = std::fs::read_to_string(schemas().join(name)).unwrap();
    let source = Source::new(name, text).unwrap();
    let wanted = config.generate_from([source]).unwrap().text;
    let mut all = vec!["generate", name, "--out", "-"];
    all.extend(arguments);
    let run = tl_gen(&schemas(), &all, b"");
    assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr());
    assert!(run.stdout() == wanted, "{arguments:?}");
    // The option does something.
    if !arguments.is_empty() {
        let plain = tl_gen(&schemas(), &all[..4], b"");
        assert!(run.stdout != plain.stdout, "{arguments:?} changes nothing");
    }
}

#[test]
fn every_option_is_the_knob_of_its_name() {
    let config = Config::new;
    same(&[], &config());
    same(&["--only", "users.get"], &config().only(["users.get"]));
    same(
        &["--only=user", "--only=userEmpty"],
        &config().only(["user", "userEmpty"]),
    );
    let borrowed = || config().ownership(Ownership::Borrowed);
    same(&["--ownership", "borrowed"], &borrowed());
    let owned_module = ["--ownership", "borrowed", "--owned-module", "crate::api"];
    same(&owned_module, &borrowed().owned_module("crate::api"));
    same(&["--side", "client"], &config().side(Side::Client));
    same(&["--side", "server"], &config().side(Side::Server));
    same(
        &["--derive", "Clone,Debug"],
        &config().derive("*", ["Clone", "Debug"]),
    );
    let derives = ["--derive", "Clone", "--derive", "user=Clone,Default"];
    let config_of_derives = config()
        .derive("*", ["Clone"])
        .derive("user", ["Clone", "Default"]);
    same(&derives, &config_of_derives);
    same(&["--derive="], &config().derive("*", Vec::<String>::new()));
    let attribute = "user=cfg_attr(feature = \"serde\", derive(serde::Serialize))";
    let (path, text) = attribute.split_once('=').unwrap();
    same(&["--attribute", attribute], &config().attribute(path, text));
    let field = ["--field-attribute", "user.photo=serde(skip)"];
    same(
        &field,
        &config().field_attribute("user.photo", "serde(skip)"),
    );
    same(
        &["--strings-as-bytes", "user.*"],
        &config().strings_as_bytes("user.*"),
    );
    same(
        &["--rename", "user=Person"],
        &config().rename("user", "Person"),
    );
    let boxing = |variants, namesakes, optional_fields| Boxing {
        variants,
        namesakes,
        optional_fields,
    };
    let all = Boxing::default();
    let optional = all.optional_fields;
    same(
        &["--box-variants=0"],
        &config().boxing(boxing(0, 0, optional)),
    );
    same(
        &["--box-namesakes=0"],
        &config().boxing(boxing(all.variants, 0, optional)),
    );
    same(
        &["--box-namesakes=60", "--box-variants=4"],
        &config().boxing(boxing(4, 60, optional)),
    );
    let sizes = ["--box-variants=User=63", "--box-variants=0"];
    same(
        &sizes,
        &config()
            .boxing(boxing(0, 0, optional))
            .boxing_of("User", boxing(63, 63, optional)),
    );
    // The narrower name counts, in whatever order, and each kind on its own.
    let sizes = [
        "--box-optional-fields=user=1",
        "--box-variants=User=63",
        "--box-optional-fields=0",
        "--box-variants=*=1",
    ];
    same(
        &sizes,
        &config()
            .boxing(boxing(1, 1, 0))
            .boxing_of("User", boxing(63, 63, 0))
            .boxing_of("user", boxing(1, 1, 1)),
    );
    same(
        &["--codec=code", "--table=User"],
        &config().codec("*", Codec::Code).codec("User", Codec::Table),
    );
    same(
        &["--runtime", "::tl_runtime"],
        &config().runtime("::tl_runtime"),
    );
    same(&["--no-conversions"], &config().conversions(false));
    same(&["--no-docs"], &config().docs(false));
    same(&["--no-format"], &config().format(false));
    let rule = ["--id-rule", "tl", "--no-docs"];
    same(&rule, &config().id_rule(IdRule::Tl).docs(false));
}

/// What needs another schema than the others to be seen.
#[test]
fn objects_optional_fields_and_known_ids() {
    let folder = scratch("generate_more");
    let text = "big a:long b:long c:long = Big;\nbox#00000007 flags:# what:Object big:flags.0?Big = Box;\n";
    std::fs::write(folder.join("a.tl"), text).unwrap();
    std::fs::write(folder.join("known.txt"), "box#00000007\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut all = vec!["generate", "a.tl", "--out", "-"];
        all.extend(arguments);
        tl_gen(&folder, &all, b"")
    };
    let library = |config: Config| {
        let source = Source::new("a.tl", text).unwrap();
        config.generate_from([source]).unwrap().text
    };
    let objects = run(&["--objects", "enum"]);
    assert_eq!(
        objects.stdout(),
        library(Config::new().objects(Objects::Enum))
    );
    assert!(objects.stdout().contains("pub enum Object {"));
    let boxing = Boxing {
        optional_fields: 8,
        ..Boxing::default()
    };
    let boxed = run(&["--box-optional-fields", "8"]);
    assert_eq!(boxed.stdout(), library(Config::new().boxing(boxing)));
    assert!(boxed.stdout().contains("pub big: Option<Box<types::Big>>,"));

    assert!(boxed.stderr().contains("warning[I001]"));
    let known = run(&["--known", "known.txt"]);
    assert_eq!(known.stderr(), "");
    let missing = run(&["--known", "no.txt"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.stderr().contains("no.txt can't be read: "),
        "{}",
        missing.stderr()
    );
}

#[test]
fn a_file_is_written_and_compared() {
    let folder = scratch("generate_file");
    let schema = schemas().join("clean.tl");
    let schema = schema.to_str().unwrap();
    let generate = |more: &[&str]| {
        let mut all = vec![
            "generate",
            schema,
            "--out",
            "src/generated",
            "--module",
            "api",
        ];
        all.extend(more);
        tl_gen(&folder, &all, b"")
    };
    let path = folder.join("src/generated/api.rs");
    let missing = generate(&["--check"]);
    assert_eq!(missing.code, Some(1));
    assert_eq!(
        missing.stderr(),
        "error: src/generated/api.rs is not up to date\n"
    );
    assert!(!path.exists());

    assert_eq!(generate(&[]).code, Some(0));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("// Generated by tl-codegen from clean.tl. Do not edit.\n"));
    assert_eq!(generate(&["--check"]).code, Some(0));
    // Made with other options it is another.
    assert_eq!(generate(&["--check", "--no-docs"]).code, Some(1));
    // And so it is when somebody has edited it, or the schema has changed.
    std::fs::write(&path, text + "\n").unwrap();
    assert_eq!(generate(&["--check"]).code, Some(1));
    assert_eq!(generate(&[]).code, Some(0));
    assert_eq!(generate(&["--check"]).code, Some(0));
}

#[test]
fn faults_and_wrong_usage_are_told_apart() {
    let folder = scratch("generate_wrong");
    let generate = |arguments: &[&str], stdin: &str| {
        let mut all = vec!["generate"];
        all.extend(arguments);
        tl_gen(&folder, &all, stdin.as_bytes())
    };
    // Standard input has no name of its own.
    let run = generate(&["-", "--out", "here"], "a x:int = A;");
    assert_eq!(run.code, Some(0), "{}", run.stderr());
    assert!(folder.join("here/schema.rs").is_file());

    let run = generate(&["-", "--out", "-"], "a x:itn = A;");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr().starts_with("error[R001]"), "{}", run.stderr());
    assert!(run.stdout.is_empty());

    let run = generate(&["-", "--out", "-", "--only", "b"], "a x:int = A;");
    assert_eq!(run.code, Some(2));
    assert_eq!(run.stderr(), "error: nothing in the schema is called b\n");

    let run = generate(&["-", "--out", "-", "--check"], "a x:int = A;");
    assert_eq!(run.code, Some(2));

    let run = generate(&["no.tl", "--out", "-"], "");
    assert_eq!(run.code, Some(2));
    let run = generate(&["-", "--out", "-", "--rename", "a"], "a x:int = A;");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr().contains("write NAME=VALUE"),
        "{}",
        run.stderr()
    );
    let run = generate(&["a.tl"], "");
    assert_eq!(run.code, Some(2), "a schema and nowhere to write to");
}

/// The example whose types are kept with the source: the command that it names made them.
#[test]
fn the_example_is_up_to_date() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/checked-in");
    let text = std::fs::read_to_string(folder.join("src/main.rs")).unwrap();
    let command = text
        .lines()
        .find_map(|line| line.strip_prefix("//! tl-gen "));
    let command = command.unwrap();
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.push("--check");
    let run = tl_gen(&folder, &arguments, b"");
    assert_eq!(
        run.code,
        Some(0),
        "run `tl-gen {command}` in tl-codegen/examples/checked-in: {}",
        run.stderr()
    );
}
