//! Simulated lives of a client and a server, as many as wanted: `cargo xtask simulate --seeds N`.

#![allow(clippy::cast_possible_truncation)]

use std::process::ExitCode;

use mtproto_runtime::testing::{Failure, Figures, simulate};

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let (Some(Ok(first)), Some(Ok(seeds))) = (numbers.next(), numbers.next()) else {
        eprintln!("usage: simulate FIRST_SEED SEEDS");
        return ExitCode::FAILURE;
    };
    match run(first, seeds) {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(first: u64, seeds: u64) -> Result<Figures, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let part = |number: u64| {
        let mut figures = Figures::default();
        for seed in (first + number..first + seeds).step_by(threads as usize) {
            figures.add(&simulate(seed)?.figures);
            if number == 0 && figures.seeds.is_multiple_of(10_000) {
                eprintln!("about {} of {seeds}", figures.seeds * threads);
            }
        }
        Ok(figures)
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || part(number)))
            .collect();
        let mut figures = Figures::default();
        for part in parts {
            match part.join() {
                Ok(part) => figures.add(&part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(figures)
    })
}
