//! Any JSON that a service might send, for property tests.

use proptest::prelude::*;
use serde_json::Value;

/// Any JSON, with the field names of a node mixed in.
pub(crate) fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}|[0-9]{1,5}|20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:00:00(\\.[0-9]{1,4})?Z"
            .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "id",
        "kind",
        "name",
        "data",
        "count",
        "contentProperties",
        "image",
        "video",
        "address",
        "createdDate",
        "size",
        "md5",
        "settings",
        "favorite",
        "latitude",
        "longitude",
        "dateTimeOriginal",
        "location",
        "value",
        "keywords",
        "contentDate",
        "subSecTimeOriginal",
        "contentType",
        "nextToken",
        "version",
        "other",
    ]);
    leaf.prop_recursive(5, 64, 12, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..12)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
