//! The JSON forms against their schemas: our own, and that of SARIF 2.1.0.

use cargo_metadata::MetadataCommand;
use serde_json::{Value, json};

use super::{both, plain, written};
use crate::formats::json;
use crate::formats::sarif::FINGERPRINT;
use crate::options::format::Format;

fn check(schema: &Value, document: &str) {
    let document: Value = serde_json::from_str(document).unwrap();
    let validator =
        jsonschema::options().should_validate_formats(true).build(schema).unwrap_or_else(|error| panic!("{error}"));
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .take(5)
        .map(|error| format!("{}: {}", error.instance_path(), error.to_string().chars().take(300).collect::<String>()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// The schema as this version alone fills it: without fields that are not in it.
fn strict(mut schema: Value) -> Value {
    fn close(value: &mut Value) {
        if let Some(object) = value.as_object_mut() {
            if object.get("type").is_some_and(|kind| kind == "object") && object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        } else if let Some(all) = value.as_array_mut() {
            all.iter_mut().for_each(close);
        }
    }
    close(&mut schema);
    schema
}

#[test]
fn json_is_what_its_schema_says_and_nothing_else() {
    let schema: Value = serde_json::from_str(json::SCHEMA).unwrap();
    assert_eq!(schema["properties"]["version"]["const"], json::VERSION);
    assert_eq!(schema["$id"], format!("urn:firsthit:report:{}", json::VERSION));
    for contents in both() {
        let text = written(Format::Json, &contents);
        check(&schema, &text);
        check(&strict(schema.clone()), &text);
    }
}

/// The schema of OASIS, as the package serde-sarif carries it.
fn of_sarif() -> Value {
    let metadata =
        MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).exec().unwrap();
    let package = metadata.packages.iter().find(|package| package.name.as_str() == "serde-sarif").unwrap();
    let path = package.manifest_path.with_file_name("src").join("schema.json");
    // One pattern of it, of a field that is not written here, has a bracket too many for strict readers.
    let text = std::fs::read_to_string(path).unwrap().replace("{2}]?$", "{2}?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(schema["$id"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    schema
}

#[test]
fn sarif_is_what_the_schema_of_oasis_says() {
    let schema = of_sarif();
    for contents in both() {
        check(&schema, &written(Format::Sarif, &contents));
    }
}

#[test]
fn sarif_knows_each_cause_by_its_fingerprint() {
    let contents = plain();
    let value: Value = serde_json::from_str(&written(Format::Sarif, &contents)).unwrap();
    let results = value["runs"][0]["results"].as_array().unwrap();
    let told: Vec<&str> =
        results.iter().map(|result| result["partialFingerprints"][FINGERPRINT].as_str().unwrap()).collect();
    let expected: Vec<String> = contents.causes.iter().map(|cause| cause.fingerprint.to_string()).collect();
    assert_eq!(told, expected);
    let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    assert!(results.iter().any(|result| result["suppressions"][0]["kind"] == "external"));
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert!(region["startLine"].as_u64().is_some_and(|line| line > 0));
}
