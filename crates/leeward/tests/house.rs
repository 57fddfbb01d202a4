//! The rules of the house: who may depend on whom, under which licences, how long files are, what they
//! are called, who knows JSON and SQL, and whether generated tables are fresh. Each rule is a function
//! with a control beside it that shows it can fail.

#[path = "house/edges.rs"]
mod edges;
#[path = "house/tables.rs"]
mod tables;
#[path = "house/tidy.rs"]
mod tidy;
#[path = "house/tree.rs"]
mod tree;
