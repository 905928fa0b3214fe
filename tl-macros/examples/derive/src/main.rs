//! Types of TON's ADNL, written by hand: `cargo run -p example-derive`.
//!
//! Ids are written as numbers, so that nothing but the derives themselves is built; with the
//! feature `schema` they would come from the schema, and the types would be checked against it.

use mtproto_runtime::tl::{TlRead, TlWrite};

/// `adnl.addressList addrs:(vector adnl.Address) version:int reinit_date:int priority:int
/// expire_at:int = adnl.AddressList;`
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(id = 0x2227e658, name = "adnl.addressList")]
struct AddressList<'a> {
    #[tl(bare)]
    addrs: Vec<Address<'a>>,
    version: i32,
    reinit_date: i32,
    priority: i32,
    expire_at: i32,
}

/// `adnl.Address`
#[derive(TlRead, TlWrite, Debug, PartialEq)]
enum Address<'a> {
    #[tl(id = 0x670da6e7, name = "adnl.address.udp")]
    Udp { ip: i32, port: i32 },
    #[tl(id = 0xe31d63fa, name = "adnl.address.udp6")]
    Udp6 { ip: &'a [u8; 16], port: i32 },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let list = AddressList {
        addrs: vec![
            Address::Udp {
                ip: 0x7f00_0001,
                port: 3278,
            },
            Address::Udp6 {
                ip: &[1; 16],
                port: 3278,
            },
        ],
        version: 1_700_000_000,
        reinit_date: 1_700_000_000,
        priority: 0,
        expire_at: 0,
    };
    let bytes = list.to_bytes()?;
    println!("{} bytes: {bytes:02x?}", bytes.len());
    assert_eq!(AddressList::from_bytes(&bytes)?, list);

    // What was cut off says what is missing, and where.
    let error = match AddressList::from_bytes(&bytes[..36]) {
        Ok(list) => return Err(format!("some of the bytes became {list:?}").into()),
        Err(error) => error.to_string(),
    };
    println!("36 of them: {error}");
    assert_eq!(
        error,
        "the bytes end where an int128 of 16 bytes was wanted, at byte 24 in \
         adnl.addressList.addrs[1].ip",
    );
    Ok(())
}
