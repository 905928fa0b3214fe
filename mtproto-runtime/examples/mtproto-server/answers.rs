//! What is answered.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mtproto_runtime::net::server::{Context, Router};
use mtproto_runtime::session::RpcError;
use mtproto_runtime::tl::{Reader, TlWrite};

use crate::api::{functions, types};
use crate::methods::{Method, Methods};

const USERS_GET_USERS: u32 = 0x0d91_a548;
const AUTH_IMPORT_BOT_AUTHORIZATION: u32 = 0x67a3_ff2c;
const AUTH_LOG_OUT: u32 = 0x3e72_ba19;

/// How long a config may be used.
const CONFIG_LIFETIME: i32 = 3600;

/// Permanent keys whose client has logged in, and as whom.
type Users = Arc<Mutex<HashSet<(i64, i64)>>>;

pub(crate) fn router(dc: i32, test_mode: bool, address: SocketAddr) -> Router {
    let users = Users::default();
    let methods = Arc::new(Methods::new());
    let (for_login, for_logout, for_get, for_rest) =
        (users.clone(), users.clone(), users.clone(), users);
    Router::new()
        .on(move |_, _: functions::help::GetConfig| async move {
            Ok(config(dc, test_mode, address))
        })
        .on(move |_, _: functions::help::GetNearestDc| async move {
            Ok(types::NearestDc {
                country: "AQ".to_owned(),
                this_dc: dc,
                nearest_dc: dc,
            })
        })
        .on_id(AUTH_IMPORT_BOT_AUTHORIZATION, move |context, request| {
            let users = for_login.clone();
            async move { log_in(&context, &request, &users) }
        })
        .on_id(AUTH_LOG_OUT, move |context, _| {
            let users = for_logout.clone();
            async move {
                lock(&users).retain(|(key, _)| Some(*key) != context.permanent_key);
                // auth.loggedOut, without a token.
                Ok([0xc3a2_835f_u32, 0].map(u32::to_le_bytes).concat())
            }
        })
        .on_id(USERS_GET_USERS, move |context, _| {
            let users = for_get.clone();
            async move {
                let id = user_of(&context, &users).ok_or(not_logged_in())?;
                let vector = [0x1cb5_c415_u32, 1].map(u32::to_le_bytes).concat();
                Ok([vector, user_empty(id)].concat())
            }
        })
        .otherwise(move |context, request| {
            let method = methods.of(id_of(&request));
            let is_user = user_of(&context, &for_rest).is_some();
            async move {
                Err(match method {
                    Method::Closed if !is_user => not_logged_in(),
                    Method::Closed | Method::Open => RpcError::new(400, "METHOD_INVALID"),
                    Method::Unknown => RpcError::new(400, "INPUT_METHOD_INVALID"),
                })
            }
        })
}

/// A request begins with the id of its function.
fn id_of(request: &[u8]) -> u32 {
    request
        .first_chunk()
        .map_or(0, |id| u32::from_le_bytes(*id))
}

fn lock(users: &Users) -> std::sync::MutexGuard<'_, HashSet<(i64, i64)>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

fn user_of(context: &Context, users: &Users) -> Option<i64> {
    let key = context.permanent_key?;
    let users = lock(users);
    let found = users.iter().find(|(of, _)| *of == key);
    found.map(|(_, user)| *user)
}

fn not_logged_in() -> RpcError {
    RpcError::new(401, "AUTH_KEY_UNREGISTERED")
}

/// `auth.importBotAuthorization flags:int api_id:int api_hash:string bot_auth_token:string`: takes
/// every token that has a user id before a colon.
fn log_in(context: &Context, request: &[u8], users: &Users) -> Result<Vec<u8>, RpcError> {
    let mut reader = Reader::new(request);
    let token = reader
        .read_with(|r| {
            r.id();
            r.int();
            r.int();
            r.bytes();
            Ok(r.bytes())
        })
        .map_err(|_| RpcError::new(400, "INPUT_FETCH_ERROR"))?;
    let id = std::str::from_utf8(token).ok().and_then(|token| {
        let (id, secret) = token.split_once(':')?;
        let id: i64 = id.parse().ok()?;
        (id > 0 && !secret.is_empty()).then_some(id)
    });
    let id = id.ok_or(RpcError::new(400, "ACCESS_TOKEN_INVALID"))?;
    let key = context
        .permanent_key
        .ok_or(RpcError::new(401, "AUTH_KEY_PERM_EMPTY"))?;
    lock(users).insert((key, id));
    // auth.authorization without any of what is optional. Its `user` is of many kinds in many
    // layers; of all of them `userEmpty` is one.
    let authorization = [0x2ea2_c0d4_u32, 0].map(u32::to_le_bytes).concat();
    Ok([authorization, user_empty(id)].concat())
}

/// `userEmpty#d3bc4b7a id:long`
fn user_empty(id: i64) -> Vec<u8> {
    let mut bytes = 0xd3bc_4b7a_u32.to_le_bytes().to_vec();
    // A number is always written.
    bytes.extend(id.to_bytes().unwrap_or_default());
    bytes
}

/// The same in all layers from 158 to 232.
fn config(dc: i32, test_mode: bool, address: SocketAddr) -> types::Config {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO);
    let date = i32::try_from(now.as_secs()).unwrap_or(i32::MAX);
    let this = types::DcOption {
        ipv6: address.is_ipv6(),
        media_only: false,
        tcpo_only: false,
        cdn: false,
        r#static: true,
        this_port_only: true,
        id: dc,
        ip_address: address.ip().to_string(),
        port: address.port().into(),
        secret: None,
    };
    types::Config {
        default_p2p_contacts: true,
        preload_featured_stickers: false,
        revoke_pm_inbox: true,
        blocked_mode: false,
        force_try_ipv6: false,
        date,
        expires: date.saturating_add(CONFIG_LIFETIME),
        test_mode,
        this_dc: dc,
        dc_options: vec![this],
        dc_txt_domain_name: String::new(),
        chat_size_max: 200,
        megagroup_size_max: 200_000,
        forwarded_count_max: 100,
        online_update_period_ms: 210_000,
        offline_blur_timeout_ms: 5_000,
        offline_idle_timeout_ms: 30_000,
        online_cloud_timeout_ms: 300_000,
        notify_cloud_delay_ms: 30_000,
        notify_default_delay_ms: 1_500,
        push_chat_period_ms: 60_000,
        push_chat_limit: 2,
        edit_time_limit: 172_800,
        revoke_time_limit: i32::MAX,
        revoke_pm_time_limit: i32::MAX,
        rating_e_decay: 2_419_200,
        stickers_recent_limit: 200,
        channels_read_media_period: 604_800,
        tmp_sessions: None,
        call_receive_timeout_ms: 20_000,
        call_ring_timeout_ms: 90_000,
        call_connect_timeout_ms: 30_000,
        call_packet_timeout_ms: 10_000,
        me_url_prefix: format!("http://{address}/"),
        autoupdate_url_prefix: None,
        gif_search_username: None,
        venue_search_username: None,
        img_search_username: None,
        static_maps_provider: None,
        caption_length_max: 1_024,
        message_length_max: 4_096,
        webfile_dc_id: dc,
        suggested_lang_code: None,
        lang_pack_version: None,
        base_lang_pack_version: None,
        reactions_default: None,
        autologin_token: None,
    }
}
