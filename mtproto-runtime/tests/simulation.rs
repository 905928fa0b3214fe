//! Lives of a client and a server with everything that can happen between them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

use mtproto_runtime::testing::{Figures, simulate};

/// How many lives; `SEEDS=1000000` for more.
fn seeds() -> u64 {
    std::env::var("SEEDS").map_or(10_000, |seeds| seeds.parse().expect("a number"))
}

#[test]
fn promises_hold_whatever_happens() {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let part = |first: u64| {
        let mut figures = Figures::default();
        for seed in (first..seeds()).step_by(threads as usize) {
            match simulate(seed) {
                Ok(report) => figures.add(&report.figures),
                Err(failure) => panic!("{failure}\n{figures}"),
            }
        }
        figures
    };
    let mut figures = Figures::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|n| scope.spawn(move || part(n))).collect();
        for part in parts {
            figures.add(&part.join().unwrap());
        }
    });
    println!("{figures}");
    // A simulation in which nothing happens would prove nothing.
    let Figures {
        answered,
        timed_out,
        lost,
        cancelled,
        run_again,
        in_order,
        updates,
        quick_acks,
        orderly,
        permanent_keys,
        renewed,
        forgotten_keys,
        ..
    } = figures;
    for count in [
        answered,
        timed_out,
        lost,
        cancelled,
        run_again,
        in_order,
        updates,
        quick_acks,
        orderly,
        permanent_keys,
        renewed,
        forgotten_keys,
    ] {
        assert!(count > 0, "{figures}");
    }
    assert!(answered * 2 > figures.calls, "{figures}");
}

#[test]
fn a_seed_gives_the_same_bytes_again() {
    for seed in 0..20 {
        let first = simulate(seed).unwrap();
        assert_eq!(simulate(seed).unwrap(), first);
        assert_ne!(simulate(seed + 1000).unwrap().trace, first.trace);
    }
}

/// A network that was gone while a key was made or bound was not noticed, and the client asked to be
/// called again at once, for ever.
#[test]
fn seeds_in_which_a_client_never_came_to_rest() {
    hold([919]);
}

fn hold<const N: usize>(seeds: [u64; N]) {
    let failures: Vec<_> = seeds
        .map(simulate)
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert_eq!(failures, []);
}
