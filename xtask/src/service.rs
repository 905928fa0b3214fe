//! The service messages of mtproto-runtime, made from `schemas/mtproto/mtproto.tl`.

use std::path::Path;

use anyhow::Result;
use tl_codegen::{Boxing, Config, IdRule, Ownership};

/// Types and functions of the key exchange and of sessions. What else the schema has is for
/// finding servers, and is not said in messages.
const WANTED: &[&str] = &[
    // Key exchange
    "req_pq",
    "req_pq_multi",
    "P_Q_inner_data",
    "req_DH_params",
    "Server_DH_inner_data",
    "Client_DH_Inner_Data",
    "set_client_DH_params",
    "BindAuthKeyInner",
    // Sessions
    "destroy_auth_key",
    "destroy_session",
    "get_future_salts",
    "ping",
    "ping_delay_disconnect",
    "rpc_drop_answer",
    "BadMsgNotification",
    "HttpWait",
    "MsgDetailedInfo",
    "MsgResendReq",
    "MsgsAck",
    "MsgsAllInfo",
    "MsgsStateInfo",
    "MsgsStateReq",
    "NewSession",
    "RpcError",
];

/// What the example of a server answers.
const OF_EXAMPLE: &[&str] = &["help.getConfig", "help.getNearestDc"];

/// Carry `new_nonce`, which must not be printed.
const SECRET: &[&str] = &[
    "P_Q_inner_data",
    "p_q_inner_data",
    "p_q_inner_data_dc",
    "p_q_inner_data_temp",
    "p_q_inner_data_temp_dc",
];

/// The text of the generated file.
///
/// Types borrow: nothing is allocated to read or to write them, but lists of numbers need an arena
/// to be read.
pub(crate) fn generate(root: &Path) -> Result<String> {
    let mut config = Config::new()
        .schema(root.join("schemas/mtproto/mtproto.tl"))
        .id_rule(IdRule::Telegram)
        .known_ids(root.join("schemas/known-ids.txt"))
        .runtime("crate::tl")
        .ownership(Ownership::Borrowed)
        // Inline, so that enums need no arena.
        .boxing(Boxing {
            variants: 1024,
            namesakes: 1024,
            optional_fields: 1024,
        })
        .derive("*", ["Clone", "Debug", "PartialEq", "Eq", "Hash"])
        .only(WANTED.iter().copied());
    for path in SECRET {
        config = config.derive(*path, ["Clone"]);
    }
    Ok(config.generate_text()?.text)
}

/// The text of the types of the example `mtproto-server`.
pub(crate) fn generate_example(root: &Path) -> Result<String> {
    let config = Config::new()
        .schema(root.join("schemas/telegram/api.tl"))
        .id_rule(IdRule::Telegram)
        .known_ids(root.join("schemas/known-ids.txt"))
        .docs(false)
        .only(OF_EXAMPLE.iter().copied());
    Ok(config.generate_text()?.text)
}
