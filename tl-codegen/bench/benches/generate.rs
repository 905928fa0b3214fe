//! Layer 230 from schema to Rust: in process, and as a whole process that reads and writes files.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};
use tl_codegen::{Config, IdRule};
use tl_codegen_bench::tape::{By, Counting, Group};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: usize = 15;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, what] = &args[..]
        && flag == "--once"
    {
        once(what);
        return;
    }
    Group::new("in process")
        .entry(By::Grammers, "grammers", grammers)
        .entry(By::Us, "ours, formatted", || ours(true))
        .entry(By::Us, "ours, not formatted", || ours(false))
        .run();
    processes();
}

fn config(format: bool) -> Config {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    Config::new()
        .schema(schemas.join("telegram/api.tl"))
        .known_ids(schemas.join("known-ids.txt"))
        .id_rule(IdRule::Telegram)
        .format(format)
}

fn ours(format: bool) -> usize {
    let generated = config(format).generate_text().expect("the schema is good");
    generated.text.len()
}

fn grammers() -> usize {
    let mut out = grammers_outputs(Vec::new);
    generate_grammers(&mut out);
    black_box(out.types.len() + out.functions.len() + out.enums.len())
}

fn grammers_outputs<W: std::io::Write>(mut new: impl FnMut() -> W) -> grammers_tl_gen::Outputs<W> {
    grammers_tl_gen::Outputs {
        common: new(),
        types: new(),
        functions: new(),
        enums: new(),
    }
}

fn generate_grammers<W: std::io::Write>(out: &mut grammers_tl_gen::Outputs<W>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/telegram/api.tl");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let definitions: Vec<_> = grammers_tl_parser::parse_tl_file(&text)
        .filter_map(Result::ok)
        .collect();
    let config = grammers_tl_gen::Config::default();
    grammers_tl_gen::generate_rust_code(out, &definitions, 230, &config).expect("writes");
    out.flush().expect("writes");
}

/// What a process of its own does.
fn once(what: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(what);
    std::fs::create_dir_all(&folder).expect("a folder");
    // Files that are the same are not written again.
    for file in std::fs::read_dir(&folder).expect("a folder").flatten() {
        std::fs::remove_file(file.path()).expect("can be removed");
    }
    match what {
        "nothing" => {}
        "grammers" => {
            let mut number = 0;
            let mut out = grammers_outputs(|| {
                number += 1;
                let file = std::fs::File::create(folder.join(format!("{number}.rs")));
                std::io::BufWriter::new(file.expect("writes"))
            });
            generate_grammers(&mut out);
        }
        _ => {
            let config = config(what == "ours, formatted").out_dir(&folder);
            config.generate().expect("writes");
        }
    }
}

/// CPU time of whole processes in turns.
fn processes() {
    const WHAT: [&str; 4] = [
        "nothing",
        "grammers",
        "ours, formatted",
        "ours, not formatted",
    ];
    let mut times = [[0.0; ROUNDS]; WHAT.len()];
    for round in 0..ROUNDS {
        for (what, times) in WHAT.iter().zip(&mut times) {
            let before = seconds();
            let status = Command::new(std::env::current_exe().expect("this program"))
                .args(["--once", what])
                .status();
            assert!(status.expect("runs").success());
            times[round] = seconds() - before;
        }
    }
    println!("| whole process | median ms | of grammers |");
    println!("|---|---:|---:|");
    let middle = |mut times: [f64; ROUNDS]| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    for (what, own) in WHAT.iter().zip(times) {
        let ratios = std::array::from_fn(|round| own[round] / times[1][round]);
        println!(
            "| {what} | {:.1} | {:.2} |",
            1e3 * middle(own),
            middle(ratios)
        );
    }
}

/// CPU time of all children.
fn seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("is always there");
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
        .sum()
}
