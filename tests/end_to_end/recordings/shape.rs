//! The shape of a JSON value: its paths and the types found there; elements of a list share one path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Path to the types there; `absent` stands beside the others where only some objects of a list have the key.
pub type Shape = BTreeMap<String, BTreeSet<&'static str>>;

pub fn of(value: &Value) -> Shape {
    let mut reading = Reading::default();
    reading.add("$", value);
    let Reading {
        mut shape,
        objects,
        members,
    } = reading;
    for (path, (parent, seen)) in members {
        if objects.get(&parent) != Some(&seen) {
            shape.entry(path).or_default().insert("absent");
        }
    }
    shape
}

#[derive(Default)]
struct Reading {
    shape: Shape,
    /// How many objects were seen at a path.
    objects: BTreeMap<String, usize>,
    /// Path of the object that a key belongs to, and in how many of those objects it is.
    members: BTreeMap<String, (String, usize)>,
}

impl Reading {
    fn add(&mut self, path: &str, value: &Value) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(list) => {
                list.iter().for_each(|element| self.add(&format!("{path}[]"), element));
                "list"
            }
            Value::Object(map) => {
                *self.objects.entry(path.to_owned()).or_default() += 1;
                for (key, value) in map {
                    let member = format!("{path}.{key}");
                    self.members
                        .entry(member.clone())
                        .or_insert_with(|| (path.to_owned(), 0))
                        .1 += 1;
                    self.add(&member, value);
                }
                "object"
            }
        };
        self.shape.entry(path.to_owned()).or_default().insert(kind);
    }
}

#[test]
fn a_shape_knows_lists_nulls_and_what_only_some_have() {
    let shape = of(&serde_json::json!({"list": [{"a": 1, "b": null}, {"a": "x"}], "empty": []}));
    let text: Vec<String> = shape
        .iter()
        .map(|(path, kinds)| format!("{path}: {}", kinds.iter().copied().collect::<Vec<_>>().join(" ")))
        .collect();
    assert_eq!(
        text,
        [
            "$: object",
            "$.empty: list",
            "$.list: list",
            "$.list[]: object",
            "$.list[].a: number string",
            "$.list[].b: absent null"
        ]
    );
}
