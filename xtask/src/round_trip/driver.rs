//! Random values through generated code. Written by `cargo xtask round-trip`.

mod borrowed;
mod owned;

use tl_runtime::private::own;
#[allow(unused_imports)]
use tl_runtime::{Arena, BorrowedFunction, Function, Reader, TlRead, TlWrite};

type Check = fn(&[u8]) -> Result<(), String>;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn same(what: &str, found: &[u8], wanted: &[u8]) -> Result<(), String> {
    match found == wanted {
        true => Ok(()),
        false => Err(format!("{what} became {found:02x?}")),
    }
}

/// A value that stands alone.
#[allow(unused_macros)]
macro_rules! value {
    ($owned:ty, $borrowed:ty) => {
        |bytes| {
            let value = <$owned>::from_bytes(bytes).map_err(said)?;
            same("owned", &value.to_bytes().map_err(said)?, bytes)?;
            if value.size() != bytes.len() {
                return Err(format!("a size of {}", value.size()));
            }
            let arena = Arena::new();
            let borrowed = <$borrowed>::from_bytes_in(bytes, &arena).map_err(said)?;
            same("borrowed", &borrowed.to_bytes().map_err(said)?, bytes)?;
            match own(borrowed) == value {
                true => Ok(()),
                false => Err("made owned it is another".to_owned()),
            }
        }
    };
}

/// What a function answers.
#[allow(unused_macros)]
macro_rules! answer {
    ($owned:ty, $borrowed:ty) => {
        |bytes| {
            let value = <$owned as Function>::Output::from_bytes(bytes).map_err(said)?;
            same("owned", &value.to_bytes().map_err(said)?, bytes)?;
            let arena = Arena::new();
            let borrowed = <$borrowed as BorrowedFunction>::Output::from_bytes_in(bytes, &arena)
                .map_err(said)?;
            same("borrowed", &borrowed.to_bytes().map_err(said)?, bytes)?;
            match own(borrowed) == value {
                true => Ok(()),
                false => Err("made owned it is another".to_owned()),
            }
        }
    };
}

/// What a function answers that can be read only by who knows what it asked, after the function.
#[allow(unused_macros)]
macro_rules! dependent_answer {
    ($owned:ty, $borrowed:ty) => {
        |all| {
            let (function, bytes) = <$owned>::from_prefix(all).map_err(said)?;
            let mut reader = Reader::new(bytes);
            let value = reader.read_with(|r| function.read_answer(r)).map_err(said)?;
            if !reader.rest().is_empty() {
                return Err("there is more than the answer".to_owned());
            }
            let mut written = Vec::new();
            function.write_answer(&value, &mut written).map_err(said)?;
            same("owned", &written, bytes)?;
            let arena = Arena::new();
            let mut reader = Reader::new(all).with_arena(&arena);
            let function = reader.read::<$borrowed>().map_err(said)?;
            let borrowed = reader.read_with(|r| function.read_answer(r)).map_err(said)?;
            let mut written = Vec::new();
            function.write_answer(&borrowed, &mut written).map_err(said)?;
            same("borrowed", &written, bytes)?;
            match own(borrowed) == value {
                true => Ok(()),
                false => Err("made owned it is another".to_owned()),
            }
        }
    };
}

const CHECKS: &[(&str, Check)] = &[
/* checks */];

fn main() {
    let path = std::env::args_os().nth(1).expect("the file with the values");
    let values = std::fs::read(path).expect("readable");
    let mut rest = &values[..];
    let mut failed = 0;
    while let Some((head, tail)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, e, f, g, h] = *head;
        let number = u32::from_le_bytes([a, b, c, d]) as usize;
        let len = u32::from_le_bytes([e, f, g, h]) as usize;
        let (bytes, tail) = tail.split_at(len);
        rest = tail;
        let (name, check) = CHECKS[number];
        if let Err(error) = check(bytes) {
            failed += 1;
            if failed < 20 {
                eprintln!("{name}: {error}, of {bytes:02x?}");
            }
        }
    }
    if failed > 0 {
        eprintln!("{failed} values went wrong");
        std::process::exit(1);
    }
}
