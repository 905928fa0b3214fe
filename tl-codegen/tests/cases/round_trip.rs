use tl_codegen::{IdRule, Sampler};
use tl_parser::Compiler;
use tl_parser::source::Source;
use tl_runtime::{Arena, Identified, TlRead, TlWrite};

macro_rules! both {
    ($sampler:ident, $schema:ident, $($path:ident)::+) => {{
        let name = <sample_owned::$($path)::+ as Identified>::NAME;
        let id = $schema.find_combinators(name).next().unwrap();
        for _ in 0..2000 {
            let bytes = $sampler.combinator(id).unwrap();
            let owned = sample_owned::$($path)::+::from_bytes(&bytes).unwrap();
            assert_eq!(owned.to_bytes().unwrap(), bytes, "{name}");
            assert_eq!(owned.size(), bytes.len(), "{name}");
            let arena = Arena::new();
            let borrowed = sample_borrowed::$($path)::+::from_bytes_in(&bytes, &arena).unwrap();
            assert_eq!(borrowed.to_bytes().unwrap(), bytes, "{name}");
            assert_eq!(borrowed.to_owned(), owned, "{name}");
        }
    }};
}

#[test]
fn random_values_come_out_as_they_went_in() {
    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("sample.tl", include_str!("../golden/sample.tl")).unwrap());
    let schema = compiler.compile().schema.unwrap();
    let mut sampler = Sampler::new(&schema, 1);
    both!(sampler, schema, types::Point);
    both!(sampler, schema, types::Account);
    both!(sampler, schema, types::Masks);
    both!(sampler, schema, types::Lists);
    both!(sampler, schema, types::Table);
    both!(sampler, schema, types::Envelope);
    both!(sampler, schema, types::zoo::Cat);
    both!(sampler, schema, types::zoo::Dog);
    both!(sampler, schema, types::zoo::Owner);
    both!(sampler, schema, types::tree::Node);
    both!(sampler, schema, functions::zoo::GetAnimals);
    both!(sampler, schema, functions::zoo::Feed);
}
