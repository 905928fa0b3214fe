//! Layer 230 of Telegram's API through each reader in turns: CPU time of the thread, so that a
//! busy machine disturbs little, and ratios paired within a turn.

use std::time::Duration;

use cpu_time::ThreadTime;
use tl_parser_bench::{READERS, schema};

const ROUNDS: usize = 41;

fn main() {
    let texts = READERS.map(|(_, form, _)| form(&schema()));
    let mut times = [[Duration::ZERO; ROUNDS]; READERS.len()];
    for round in 0..ROUNDS {
        for (reader, (_, _, read)) in READERS.iter().enumerate() {
            let start = ThreadTime::now();
            std::hint::black_box(read(&texts[reader]));
            times[reader][round] = start.elapsed();
        }
    }
    let peer = times[READERS.len() - 2];
    println!("{ROUNDS} rounds, CPU time");
    println!("{:<20} {:>9} {:>9}   of grammers", "", "fastest", "median");
    for ((name, _, _), times) in READERS.iter().zip(times) {
        let ratios = times
            .iter()
            .zip(peer)
            .map(|(time, peer)| time.div_duration_f64(peer));
        let ratio = median(ratios.collect());
        let millis = times.map(|time| time.as_secs_f64() * 1e3).to_vec();
        let fastest = millis.iter().copied().fold(f64::INFINITY, f64::min);
        let median = median(millis);
        println!("{name:<20} {fastest:>6.2} ms {median:>6.2} ms   {ratio:>5.2}");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
