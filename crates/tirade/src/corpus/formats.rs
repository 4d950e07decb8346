//! Examples as trainers read them: messages and ShareGPT and Alpaca as JSON lines, and Parquet.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Example;
use crate::model::Role;

/// How examples are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `{"problem", "attempt", "run", "messages": [{"role", "content"}]}`: tirade's own, and what most trainers read.
    #[default]
    Messages,
    /// `{"id", "system", "conversations": [{"from", "value"}]}`.
    Sharegpt,
    /// `{"id", "instruction", "input", "output", "system"}`.
    Alpaca,
    /// Columns `id`, and `messages` as a list of (`role`, `content`).
    Parquet,
}

impl Format {
    /// What a file of this format is called: `train.jsonl`, `train.sharegpt.jsonl`, `train.parquet`.
    pub fn file_name(self, split: &str) -> String {
        match self {
            Self::Messages => format!("{split}.jsonl"),
            Self::Sharegpt => format!("{split}.sharegpt.jsonl"),
            Self::Alpaca => format!("{split}.alpaca.jsonl"),
            Self::Parquet => format!("{split}.parquet"),
        }
    }

    /// The bytes of a file with these examples.
    ///
    /// # Errors
    /// When the Parquet writer refuses; the other formats always work.
    pub fn write(self, examples: &[&Example]) -> Result<Vec<u8>, ParquetError> {
        match self {
            Self::Messages => Ok(lines(examples, |example| json!(example))),
            Self::Sharegpt => Ok(lines(examples, sharegpt)),
            Self::Alpaca => Ok(lines(examples, alpaca)),
            Self::Parquet => parquet(examples),
        }
    }
}

fn lines(examples: &[&Example], row: impl Fn(&Example) -> Value) -> Vec<u8> {
    examples.iter().map(|example| row(example).to_string() + "\n").collect::<String>().into_bytes()
}

/// `PROBLEM#ATTEMPT@RUN`: leads back to the trace.
fn id(example: &Example) -> String {
    format!("{}#{}@{}", example.problem, example.attempt, example.run)
}

fn said_by(example: &Example, role: Role) -> &str {
    example.messages.iter().find(|message| message.role == role).map_or("", |message| &message.content)
}

fn sharegpt(example: &Example) -> Value {
    let turn = |message: &crate::model::Message| match message.role {
        Role::System => None,
        Role::Assistant => Some(json!({"from": "gpt", "value": message.content})),
        Role::User | Role::Tool => Some(json!({"from": "human", "value": message.content})),
    };
    let turns: Vec<Value> = example.messages.iter().filter_map(turn).collect();
    json!({"id": id(example), "system": said_by(example, Role::System), "conversations": turns})
}

fn alpaca(example: &Example) -> Value {
    json!({
        "id": id(example),
        "instruction": said_by(example, Role::User),
        "input": "",
        "output": said_by(example, Role::Assistant),
        "system": said_by(example, Role::System),
    })
}

const SCHEMA: &str = "message examples {
    required binary id (UTF8);
    required group messages (LIST) { repeated group list { required group element {
        required binary role (UTF8);
        required binary content (UTF8);
    } } }
}";

fn parquet(examples: &[&Example]) -> Result<Vec<u8>, ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let ids: Vec<ByteArray> = examples.iter().map(|example| id(example).into_bytes().into()).collect();
    let roles = |message: &crate::model::Message| message.role.as_str().as_bytes().to_vec().into();
    let contents = |message: &crate::model::Message| message.content.as_bytes().to_vec().into();
    let columns: [(Vec<ByteArray>, bool); 3] =
        [(ids, false), (of_messages(examples, roles), true), (of_messages(examples, contents), true)];
    for (values, in_list) in columns {
        let Some(mut column) = group.next_column()? else { break };
        let levels = in_list.then(|| levels(examples));
        let (definition, repetition) = match &levels {
            Some((definition, repetition)) => (Some(definition.as_slice()), Some(repetition.as_slice())),
            None => (None, None),
        };
        column.typed::<ByteArrayType>().write_batch(&values, definition, repetition)?;
        column.close()?;
    }
    group.close()?;
    writer.into_inner()
}

fn of_messages(examples: &[&Example], field: impl Fn(&crate::model::Message) -> ByteArray) -> Vec<ByteArray> {
    examples.iter().flat_map(|example| &example.messages).map(field).collect()
}

/// Definition and repetition levels of the list: an element is there (1), or the list is empty (0); it begins a row (0) or continues one (1).
fn levels(examples: &[&Example]) -> (Vec<i16>, Vec<i16>) {
    let (mut definition, mut repetition) = (Vec::new(), Vec::new());
    for example in examples {
        let count = example.messages.len();
        definition.extend(std::iter::repeat_n(i16::from(count > 0), count.max(1)));
        repetition.extend((0..count.max(1)).map(|index| i16::from(index > 0)));
    }
    (definition, repetition)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::model::Message;

    fn example(attempt: u32, messages: Vec<Message>) -> Example {
        Example { problem: "p".into(), attempt, run: "r".into(), messages, unsuited: None }
    }

    fn usual() -> Example {
        example(2, vec![Message::system("s"), Message::user("q \"1\"\nq"), Message::assistant("a")])
    }

    #[test]
    fn one_example_in_every_line_format() {
        for (format, expected) in [
            (
                Format::Messages,
                r#"{"problem":"p","attempt":2,"run":"r","messages":[{"role":"system","content":"s"},{"role":"user","content":"q \"1\"\nq"},{"role":"assistant","content":"a"}]}"#,
            ),
            (
                Format::Sharegpt,
                r#"{"id":"p#2@r","system":"s","conversations":[{"from":"human","value":"q \"1\"\nq"},{"from":"gpt","value":"a"}]}"#,
            ),
            (
                Format::Alpaca,
                r#"{"id":"p#2@r","instruction":"q \"1\"\nq","input":"","output":"a","system":"s"}"#,
            ),
        ] {
            let bytes = format.write(&[&usual()]).unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("{expected}\n"));
        }
    }

    #[test]
    fn parquet_comes_back() {
        let examples = [usual(), example(3, vec![]), usual()];
        let bytes = Format::Parquet.write(&examples.iter().collect::<Vec<_>>()).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].contains("p#2") && rows[0].contains("assistant"), "{rows:?}");
        assert!(!rows[1].contains("role"), "{rows:?}");
    }

    #[test]
    fn no_examples_are_a_file_too() {
        assert!(Format::Parquet.write(&[]).is_ok_and(|bytes| !bytes.is_empty()));
        assert!(Format::Alpaca.write(&[]).unwrap().is_empty());
    }
}
