//! Makes `talk.rs`, of a schema of this example's own, and `telegram.rs`, of the little of
//! Telegram's that a bot needs to log in.

fn main() -> Result<(), tl_codegen::Error> {
    tl_codegen::Config::new()
        .schema("schemas/talk.tl")
        .generate()?;
    tl_codegen::Config::new()
        .schema("../../../schemas/telegram/api.tl")
        .id_rule(tl_codegen::IdRule::Telegram)
        .known_ids("../../../schemas/known-ids.txt")
        .module("telegram")
        .only([
            "auth.importBotAuthorization",
            "auth.logOut",
            "users.getUsers",
            "inputUserSelf",
        ])
        .generate()?;
    Ok(())
}
