//! Draws the basin map: ours above, the control below, one panel for each share of clients that obey
//! nobody. Writes an SVG picture, and says how many cells heal.
//!
//! ```text
//! cargo run --release -p leeward-sim --example basin -- docs/basin.svg
//! ```

use leeward_sim::basin::{Cell, DISOBEDIENT, DROPS, LOADS, map};
use leeward_sim::setup::Policy;
use std::fmt::Write as _;
use std::io::{self, Write as _};

type Failure = Box<dyn std::error::Error>;

const CELL: (usize, usize) = (38, 26);
const PANEL: (usize, usize) = (DROPS.len() * CELL.0 + 22, LOADS.len() * CELL.1 + 62);
const LEFT: usize = 78;
const TOP: usize = 96;
const BETWEEN: usize = 46;

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("where to write the picture")?;
    let policies = [Policy::Ours, Policy::ShedFixed];
    let maps = policies.map(|policy| (policy, map(policy)));
    for (policy, cells) in &maps {
        let healed = cells.iter().filter(|cell| cell.recovery.is_some()).count();
        let worst = cells.iter().filter_map(|cell| cell.recovery).fold(0.0, f64::max);
        writeln!(
            io::stdout(),
            "{}: {healed} of {} cells heal, the slowest in {worst:.2} × T*",
            policy.as_str(),
            cells.len()
        )?;
    }
    std::fs::write(path, picture(&maps)?)?;
    Ok(())
}

fn picture(maps: &[(Policy, Vec<Cell>)]) -> Result<String, std::fmt::Error> {
    let width = LEFT + DISOBEDIENT.len() * PANEL.0;
    let height = TOP + maps.len() * (PANEL.1 + BETWEEN) + 34;
    let mut out = String::new();
    writeln!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Basin map: which storms a node recovers from">
<style>
  text {{ fill: #4b5563 }} .title {{ font-size: 16px; font-weight: 600 }} .row {{ font-size: 14px; font-weight: 600 }}
  .in {{ fill: #1f2937; text-anchor: middle; font-size: 11px }} .mid {{ text-anchor: middle }} .end {{ text-anchor: end }}
  .paper {{ fill: #ffffff }}
  @media (prefers-color-scheme: dark) {{ text {{ fill: #cbd5e1 }} .in {{ fill: #111827 }} .paper {{ fill: #0f172a }} }}
</style>
<rect class="paper" width="{width}" height="{height}" rx="8"/>
<text x="20" y="30" class="title">From which storms does a node come back by itself?</text>
<text x="20" y="50">Each cell is a simulated storm: a share of a full house dropped at once (across), on a node whose living take a share of the processor (up).</text>
<text x="20" y="67">The figure is the time until everybody is in, over the least possible time.</text>"##
    )?;
    for (row, (policy, cells)) in maps.iter().enumerate() {
        let y = TOP + row * (PANEL.1 + BETWEEN);
        let name = if *policy == Policy::Ours { "Leeward" } else { "Control" };
        writeln!(
            out,
            r#"<text x="20" y="{}" class="row">{name}: {}</text>"#,
            y + 14,
            policy.as_str()
        )?;
        for (column, share) in DISOBEDIENT.iter().enumerate() {
            let x = LEFT + column * PANEL.0;
            panel(&mut out, (x, y + 24), *share, cells)?;
        }
        for (at, load) in LOADS.iter().enumerate() {
            let y = y + 44 + (LOADS.len() - 1 - at) * CELL.1 + CELL.1 / 2 + 4;
            writeln!(out, r#"<text x="{}" y="{y}" class="end">{load} %</text>"#, LEFT - 6)?;
        }
    }
    legend(&mut out, height)?;
    writeln!(out, "</svg>")?;
    Ok(out)
}

fn panel(out: &mut String, (x, y): (usize, usize), share: u32, cells: &[Cell]) -> std::fmt::Result {
    let middle = x + DROPS.len() * CELL.0 / 2;
    writeln!(out, r#"<text x="{middle}" y="{}" class="mid">{share} % obey nobody</text>"#, y + 12)?;
    for cell in cells.iter().filter(|cell| cell.disobedient == share) {
        let at = |of: &[u32], value| of.iter().position(|v| *v == value).unwrap_or(0);
        let (column, row) = (at(&DROPS, cell.drop), LOADS.len() - 1 - at(&LOADS, cell.load));
        let (cx, cy) = (x + column * CELL.0, y + 20 + row * CELL.1);
        let (fill, text) = match cell.recovery {
            None => ("#e07a5f", "never".to_owned()),
            Some(ratio) if ratio >= 9.95 => (colour(ratio), format!("{ratio:.0}")),
            Some(ratio) => (colour(ratio), format!("{ratio:.1}")),
        };
        writeln!(
            out,
            r#"<rect x="{cx}" y="{cy}" width="{}" height="{}" rx="3" fill="{fill}"/><text x="{}" y="{}" class="in">{text}</text>"#,
            CELL.0 - 2,
            CELL.1 - 2,
            cx + CELL.0 / 2 - 1,
            cy + CELL.1 / 2 + 3,
        )?;
    }
    for (column, drop) in DROPS.iter().enumerate() {
        let x = x + column * CELL.0 + CELL.0 / 2;
        let y = y + 20 + LOADS.len() * CELL.1 + 14;
        writeln!(out, r#"<text x="{x}" y="{y}" class="mid">{drop} %</text>"#)?;
    }
    Ok(())
}

/// The least time is pale; the later, the stronger.
fn colour(ratio: f64) -> &'static str {
    match ratio {
        r if r < 1.5 => "#bfe3d0",
        r if r < 3.0 => "#8fcfb0",
        r if r < 10.0 => "#f2e2a0",
        _ => "#f0c27b",
    }
}

fn legend(out: &mut String, height: usize) -> std::fmt::Result {
    let kinds = [
        ("#bfe3d0", "under 1.5 × the least time"),
        ("#8fcfb0", "under 3 ×"),
        ("#f2e2a0", "under 10 ×"),
        ("#f0c27b", "later: a small drop, most of it the come-back window"),
        ("#e07a5f", "never"),
    ];
    let (mut x, y) = (20, height - 26);
    for (fill, text) in kinds {
        writeln!(
            out,
            r#"<rect x="{x}" y="{y}" width="14" height="14" rx="3" fill="{fill}"/><text x="{}" y="{}">{text}</text>"#,
            x + 20,
            y + 12
        )?;
        x += 50 + text.len() * 7;
    }
    Ok(())
}
