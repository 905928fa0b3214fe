//! `tl-gen --help`

fn main() -> std::process::ExitCode {
    tl_codegen::cli::main()
}
