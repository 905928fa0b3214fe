//! A measuring tape for a busy machine.
//!
//! Every entry is measured in CPU time of its thread, in short rounds that take turns with the
//! other entries, and compared by the median of the ratios within each round: a neighbour who
//! slows the machine down slows all entries of a round alike.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 21;
const ROUND_NANOSECONDS: f64 = 5e6;

/// Entries that are measured together.
pub struct Group<'a> {
    title: String,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    name: String,
    bytes: usize,
    work: Work<'a>,
    calls: u32,
    rounds: Vec<f64>,
}

enum Work<'a> {
    Plain(Box<dyn FnMut() + 'a>),
    Timed(f64, Box<dyn FnMut() -> f64 + 'a>),
}

impl<'a> Group<'a> {
    /// A group without entries.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            entries: Vec::new(),
        }
    }

    /// Adds work over a number of bytes (0: not counted in bytes).
    pub fn entry<T>(
        mut self,
        name: impl Into<String>,
        bytes: usize,
        mut work: impl FnMut() -> T + 'a,
    ) -> Self {
        let work = Box::new(move || {
            black_box(work());
        });
        self.entries.push(Entry {
            name: name.into(),
            bytes,
            work: Work::Plain(work),
            calls: 1,
            rounds: Vec::new(),
        });
        self
    }

    /// Adds work that can't be repeated without preparing it: it measures itself, `pieces` of it at a
    /// time, and tells how many nanoseconds one of them has taken.
    pub fn timed(
        mut self,
        name: impl Into<String>,
        pieces: usize,
        work: impl FnMut() -> f64 + 'a,
    ) -> Self {
        self.entries.push(Entry {
            name: name.into(),
            bytes: 0,
            work: Work::Timed(pieces as f64, Box::new(work)),
            calls: 1,
            rounds: Vec::new(),
        });
        self
    }

    /// Measures and prints: nanoseconds a call, megabytes a second, and how many times as fast as
    /// the first entry.
    pub fn run(mut self) {
        for entry in &mut self.entries {
            entry.calibrate();
        }
        for _ in 0..ROUNDS {
            for entry in &mut self.entries {
                let time = entry.round();
                entry.rounds.push(time);
            }
        }
        println!("{}", self.title);
        let base = &self.entries[0];
        let base_speed = |i: usize| base.speed(i);
        for entry in &self.entries {
            let time = median(entry.rounds.clone());
            let rate = match entry.bytes {
                0 => String::new(),
                bytes => format!("{:9.0} MB/s", 1e3 * bytes as f64 / time),
            };
            let ratio = median(
                (0..ROUNDS)
                    .map(|i| entry.speed(i) / base_speed(i))
                    .collect(),
            );
            println!(
                "  {:<34} {time:12.1} ns {rate:14} {ratio:7.2} x",
                entry.name
            );
        }
        println!();
    }
}

impl Entry<'_> {
    /// Work per time in a round: bytes where they are counted, calls otherwise.
    fn speed(&self, round: usize) -> f64 {
        self.bytes.max(1) as f64 / self.rounds[round]
    }

    fn calibrate(&mut self) {
        loop {
            let pieces = match &self.work {
                Work::Plain(_) => 1.0,
                Work::Timed(pieces, _) => *pieces,
            };
            let time = self.round() * f64::from(self.calls) * pieces;
            if time > ROUND_NANOSECONDS / 4.0 {
                let calls = f64::from(self.calls) * ROUND_NANOSECONDS / time;
                self.calls = calls.max(1.0) as u32;
                return;
            }
            self.calls *= 2;
        }
    }

    /// Nanoseconds a call.
    fn round(&mut self) -> f64 {
        match &mut self.work {
            Work::Plain(work) => {
                let start = thread_time();
                for _ in 0..self.calls {
                    work();
                }
                (thread_time() - start) / f64::from(self.calls)
            }
            Work::Timed(_, work) => {
                let times = (0..self.calls).map(|_| work());
                median(times.collect())
            }
        }
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// CPU time of this thread in nanoseconds.
pub fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
