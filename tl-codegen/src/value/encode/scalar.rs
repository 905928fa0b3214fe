//! What stands in a value for what a built-in type wants.

use base64ct::{Base64, Encoding as _};

use super::error::EncodeErrorKind;
use super::{Error, expected, fail};
use crate::value::{Data, Struct, Value};

pub(super) fn nat(value: &Value) -> Result<u32, Box<Error>> {
    integer(value, "#")
}

pub(super) fn integer<T: TryFrom<i128>>(
    value: &Value,
    wanted: &'static str,
) -> Result<T, Box<Error>> {
    let number = match &value.data {
        Data::Int(number) => Some(i128::from(*number)),
        Data::Nat(number) => Some(i128::from(*number)),
        Data::Long(number) => Some(i128::from(*number)),
        Data::Number(written) => written.parse().ok(),
        Data::Json(written) if !written.starts_with('+') => written.parse().ok(),
        Data::Json(_) => None,
        _ => return expected(article(wanted), value),
    };
    match number.and_then(|number| T::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => {
            let number = match &value.data {
                Data::Json(text) => clip(&format!("{text:?}")),
                _ => clip(&value.to_string()),
            };
            fail(EncodeErrorKind::NotOfType { number, wanted }, value)
        }
    }
}

fn article(wanted: &'static str) -> &'static str {
    match wanted {
        "int" => "an int",
        "long" => "a long",
        wanted => wanted,
    }
}

/// At most some letters of it.
fn clip(text: &str) -> String {
    const LONG: usize = 40;
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn double(value: &Value) -> Result<f64, Box<Error>> {
    let written = match &value.data {
        Data::Double(number) => return Ok(*number),
        Data::Float(number) => return Ok(f64::from(*number)),
        Data::Int(number) => return Ok(f64::from(*number)),
        Data::Nat(number) => return Ok(f64::from(*number)),
        Data::Number(written) => written,
        Data::Json(written) => written.as_str(),
        _ => return expected("a double", value),
    };
    let number = match written {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => match written.strip_prefix("NaN#") {
            Some(bits) => nan_bits(bits, 16)
                .map(f64::from_bits)
                .filter(|n| n.is_nan()),
            None => finite(written, |n: &f64| n.is_finite()),
        },
    };
    number.map_or_else(|| not_a("double", written, value), Ok)
}

pub(super) fn float(value: &Value) -> Result<f32, Box<Error>> {
    let written = match &value.data {
        Data::Float(number) => return Ok(*number),
        Data::Number(written) => written,
        Data::Json(written) => written.as_str(),
        _ => return expected("a float", value),
    };
    let number = match written {
        "NaN" => Some(f32::NAN),
        "Infinity" => Some(f32::INFINITY),
        "-Infinity" => Some(f32::NEG_INFINITY),
        _ => match written.strip_prefix("NaN#") {
            Some(bits) => nan_bits(bits, 8)
                .and_then(|bits| u32::try_from(bits).ok())
                .map(f32::from_bits)
                .filter(|n| n.is_nan()),
            None => finite(written, |n: &f32| n.is_finite()),
        },
    };
    number.map_or_else(|| not_a("float", written, value), Ok)
}

fn not_a<T>(wanted: &'static str, written: &str, value: &Value) -> Result<T, Box<Error>> {
    let number = clip(written);
    fail(EncodeErrorKind::NotOfType { number, wanted }, value)
}

fn nan_bits(digits: &str, len: usize) -> Option<u64> {
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (digits.len() == len && is_hex)
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

/// A number in digits: Rust's parser knows words besides.
fn finite<T: std::str::FromStr>(written: &str, is_finite: impl Fn(&T) -> bool) -> Option<T> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    written
        .bytes()
        .all(is_plain)
        .then(|| written.parse().ok())
        .flatten()
        .filter(is_finite)
}

pub(super) fn boolean(value: &Value) -> Result<bool, Box<Error>> {
    match &value.data {
        Data::Bool(boolean) => Ok(*boolean),
        Data::Struct(Struct {
            name: Some(name),
            fields,
            ..
        }) if fields.is_empty() => match &**name {
            "boolTrue" | "true" => Ok(true),
            "boolFalse" => Ok(false),
            _ => expected("a Bool", value),
        },
        _ => expected("a Bool", value),
    }
}

/// Bytes as they are, or made of base64.
pub(super) fn bytes(value: &Value) -> Result<Result<&[u8], Vec<u8>>, Box<Error>> {
    match &value.data {
        Data::Bytes(bytes) | Data::NotUtf8(bytes) => Ok(Ok(bytes)),
        Data::String(text) => Ok(Ok(text.as_bytes())),
        Data::Json(text) => match Base64::decode_vec(text) {
            Ok(bytes) => Ok(Err(bytes)),
            Err(_) => fail(EncodeErrorKind::NotBase64, value),
        },
        _ => expected("bytes", value),
    }
}
