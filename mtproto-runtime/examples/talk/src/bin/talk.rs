//! The whole road in one process: types made of a schema, a server, two clients, key exchanges,
//! typed calls and updates over encrypted TCP sessions, and a transcript.
//!
//! ```text
//! cargo run --release -p example-talk
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mtproto_runtime::connection::server::SessionRef;
use mtproto_runtime::net::client::{Client, Config, Error, Tcp, Update, Updates};
use mtproto_runtime::net::server::{Context, Router};
use mtproto_runtime::session::RpcError;
use mtproto_runtime::testing::TestServer;
use mtproto_runtime::tl::Identified;

/// The schema, made into Rust by `build.rs`.
mod talk {
    include!(concat!(env!("OUT_DIR"), "/talk.rs"));
}

use talk::enums::talk::Update as News;
use talk::functions::talk::{Join, Say};
use talk::types::talk::{Joined, Message, Said};

/// What the server knows.
#[derive(Default)]
struct Room {
    people: Vec<(SessionRef, String)>,
    messages: Vec<Message>,
}

/// Which function does what.
fn server() -> Router {
    let room = Arc::new(Mutex::new(Room::default()));
    let same_room = Arc::clone(&room);
    Router::new()
        .on(move |context, request: Join| {
            let messages = with(&room, |room| room.join(&context, request.name));
            async move { Ok(messages) }
        })
        .on(move |context, request: Say| {
            let message = with(&same_room, |room| room.say(&context, request.text));
            async move { message }
        })
}

impl Room {
    fn join(&mut self, context: &Context, name: String) -> Vec<Message> {
        let joined = Joined::new(name.clone());
        self.tell_all_but(context, &News::Joined(joined));
        self.people.push((context.session, name));
        self.messages.clone()
    }

    fn say(&mut self, context: &Context, text: String) -> Result<Message, RpcError> {
        let people = &mut self.people.iter();
        let from = people.find(|(session, _)| *session == context.session);
        let (_, from) = from.ok_or_else(|| RpcError::new(400, "NOT_IN_THE_ROOM"))?;
        let id = i32::try_from(self.messages.len() + 1).unwrap_or(i32::MAX);
        let message = Message::new(id, from.clone(), text);
        self.messages.push(message.clone());
        let said = Said::new(message.clone());
        self.tell_all_but(context, &News::from(said));
        Ok(message)
    }

    fn tell_all_but(&self, context: &Context, news: &News) {
        for (session, _) in &self.people {
            if *session != context.session {
                // Whoever has gone hears nothing.
                let _ = context.server.push(*session, news);
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "schema  schemas/talk.tl, by build.rs: {}#{:08x}, {}#{:08x}",
        Join::NAME,
        Join::ID,
        Say::NAME,
        Say::ID
    );
    let server = TestServer::spawn(server()).await?;
    println!(
        "server  listens on {}, RSA key {:016x}",
        server.address(),
        server.rsa_key().fingerprint()
    );

    let (ann, mut ann_hears) = connect("Ann", &server).await?;
    say("Ann", &ann, "Hello?").await?;
    join("Ann", &ann).await?;
    say("Ann", &ann, "Is anybody here?").await?;

    let (ben, _ben_hears) = connect("Ben", &server).await?;
    join("Ben", &ben).await?;
    hear("Ann", &mut ann_hears).await?;
    say("Ben", &ben, "I am.").await?;
    hear("Ann", &mut ann_hears).await?;

    let calls: Vec<_> = (0..1000)
        .map(|i| {
            let ben = ben.clone();
            tokio::spawn(async move { ben.call(&Say::new(format!("{i}"))).await })
        })
        .collect();
    let mut answers = 0;
    for call in calls {
        call.await??;
        answers += 1;
    }
    println!("Ben     says 1000 things at a time: {answers} answers");

    ann.close().await;
    ben.close().await;
    server.drain(Duration::from_secs(1)).await;
    println!("server  is done");
    Ok(())
}

async fn connect(
    name: &str,
    server: &TestServer,
) -> Result<(Client, Updates), Box<dyn std::error::Error>> {
    let config = Config::new([server.rsa_key().clone()]);
    let (client, updates) = Client::connect(config, Tcp::new([server.address()])).await?;
    let key = client.key().ok_or("there is no key")?;
    println!(
        "{name:8}is connected: key exchange, auth key {:016x}",
        key.auth_key.id()
    );
    Ok((client, updates))
}

async fn join(name: &str, client: &Client) -> Result<(), Error> {
    let messages = client.call(&Join::new(name.into())).await?;
    println!("{name:8}joins: {} messages so far", messages.len());
    Ok(())
}

async fn say(name: &str, client: &Client, text: &str) -> Result<(), Error> {
    match client.call(&Say::new(text.into())).await {
        Ok(message) => {
            println!("{name:8}says {text:?}: message {}", message.id);
            Ok(())
        }
        Err(error) if error.rpc().is_some() => {
            println!("{name:8}says {text:?}: {error}");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The next update that is one.
async fn hear(name: &str, updates: &mut Updates) -> Result<(), Box<dyn std::error::Error>> {
    while let Some(update) = updates.next().await {
        let Update::Message(body) = update else {
            continue;
        };
        match body.read()? {
            News::Joined(news) => println!("{name:8}hears that {} has joined", news.name),
            News::Said(news) => {
                let Message { from, text, .. } = news.message;
                println!("{name:8}hears {from} say {text:?}");
            }
        }
        return Ok(());
    }
    Err("the client has ended".into())
}

fn with<T>(room: &Mutex<Room>, act: impl FnOnce(&mut Room) -> T) -> T {
    act(&mut room.lock().unwrap_or_else(PoisonError::into_inner))
}
