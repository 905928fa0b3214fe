//! A measuring tape for a busy machine: CPU time of the thread, in short rounds that the entries
//! take turns in, and ratios paired within a round, so that a neighbour who slows the machine
//! down slows all entries alike. Allocations are counted in a call of their own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(3);

/// Who made the code of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Us,
    Grammers,
    TlProto,
}

/// Entries that are measured together.
pub struct Group<'a> {
    title: &'a str,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    by: By,
    name: &'a str,
    work: Box<dyn FnMut() + 'a>,
    calls: u32,
    rounds: Vec<f64>,
    allocated: (u64, u64),
}

impl<'a> Group<'a> {
    #[must_use]
    pub fn new(title: &'a str) -> Self {
        Self {
            title,
            entries: Vec::new(),
        }
    }

    /// Adds work. What it returns is dropped within the time that is measured.
    #[must_use]
    pub fn entry<T>(mut self, by: By, name: &'a str, mut work: impl FnMut() -> T + 'a) -> Self {
        self.entries.push(Entry {
            by,
            name,
            work: Box::new(move || drop(black_box(work()))),
            calls: 1,
            rounds: Vec::new(),
            allocated: (0, 0),
        });
        self
    }

    /// Measures and prints: nanoseconds a call, allocations and their bytes, and how much of the
    /// time of grammers' fastest and of tl-proto's fastest entry.
    pub fn run(mut self) {
        for entry in &mut self.entries {
            (entry.work)();
            entry.allocated = counted(&mut entry.work);
            entry.calibrate();
        }
        for _ in 0..ROUNDS {
            for entry in &mut self.entries {
                let time = entry.round();
                entry.rounds.push(time);
            }
        }
        let peer = |by| {
            let entries = self.entries.iter().filter(|entry| entry.by == by);
            entries.min_by(|a, b| a.median().total_cmp(&b.median()))
        };
        let (grammers, tl_proto) = (peer(By::Grammers), peer(By::TlProto));
        println!(
            "| {:<28} | median ns | allocations | bytes     | of grammers | of tl-proto |",
            self.title
        );
        println!("|{:-<30}|---:|---:|---:|---:|---:|", "");
        for entry in &self.entries {
            let of = |peer: Option<&Entry<'_>>| match peer {
                None => String::new(),
                Some(peer) => {
                    let rounds = entry.rounds.iter().zip(&peer.rounds);
                    format!("{:.3}", median(rounds.map(|(a, b)| a / b).collect()))
                }
            };
            let (count, bytes) = entry.allocated;
            println!(
                "| {:<28} | {:>9.1} | {count:>11} | {bytes:>9} | {:>11} | {:>11} |",
                entry.name,
                entry.median(),
                of(grammers),
                of(tl_proto),
            );
        }
        println!();
    }
}

impl Entry<'_> {
    fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    fn calibrate(&mut self) {
        loop {
            let time = self.round() * f64::from(self.calls);
            let wanted = ROUND.as_nanos() as f64;
            if time > wanted / 4.0 {
                self.calls = (f64::from(self.calls) * wanted / time).max(1.0) as u32;
                return;
            }
            self.calls *= 2;
        }
    }

    /// Nanoseconds a call.
    fn round(&mut self) -> f64 {
        let start = ThreadTime::now();
        for _ in 0..self.calls {
            (self.work)();
        }
        start.elapsed().as_nanos() as f64 / f64::from(self.calls)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The system's allocator, and a count of what this thread takes from it while that is wanted.
pub struct Counting;

thread_local! {
    static COUNT: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
}

/// How often and how many bytes were allocated.
fn counted(work: &mut dyn FnMut()) -> (u64, u64) {
    COUNT.set(Some((0, 0)));
    work();
    COUNT.replace(None).unwrap_or_default()
}

fn count(size: usize) {
    let _ = COUNT.try_with(|cell| {
        if let Some((count, bytes)) = cell.get() {
            cell.set(Some((count + 1, bytes + size as u64)));
        }
    });
}

// SAFETY: all is done by the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the same promise as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the same promise as the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the same promise as the caller's.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the same promise as the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}
