//! Makes `chat.rs` in Cargo's folder for what is generated.

fn main() -> Result<(), tl_codegen::Error> {
    tl_codegen::Config::new()
        .schema("schemas/chat.tl")
        // Not a word of what this program has no use for.
        .only(["chat.send", "chat.history"])
        .derive(
            "chat.message",
            ["Debug", "Clone", "PartialEq", "Eq", "Hash"],
        )
        .generate()?;
    Ok(())
}
