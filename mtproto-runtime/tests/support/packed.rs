//! Streams that no compressor makes.

use mtproto_runtime::service::gzip::GZIP_PACKED_ID;
use mtproto_runtime::tl::TlWrite;

/// `gzip_packed` around a stream.
pub fn gzip_packed(stream: &[u8]) -> Vec<u8> {
    let mut body = GZIP_PACKED_ID.to_le_bytes().to_vec();
    stream.write_to(&mut body).unwrap();
    body
}

/// A zlib stream of so many blocks with nothing in them, and one with these bytes.
pub fn empty_blocks(count: usize, bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    // Not the last one, the fixed tables, the end of the block: ten bits.
    let mut bits = vec![false, true, false];
    bits.extend([false; 7]);
    let mut all: Vec<bool> = bits.repeat(count);
    // The last one, stored.
    all.extend([true, false, false]);
    for byte in all.chunks(8) {
        let set = byte
            .iter()
            .zip(0..)
            .map(|(&bit, place)| u8::from(bit) << place);
        stream.push(set.sum());
    }
    let len = u16::try_from(bytes.len()).unwrap();
    stream.extend(len.to_le_bytes());
    stream.extend((!len).to_le_bytes());
    stream.extend(bytes);
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}
