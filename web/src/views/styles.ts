/** The style sheets, in the order of their layers. */
import "../styles/base.css";
import "../styles/tokens.css";
import "../styles/parts.css";
import "../styles/layout.css";
import "../styles/rail.css";
import "../styles/timeline.css";
import "../styles/prose.css";
import "../styles/composer.css";
import "../styles/panels.css";
import "../styles/pages.css";
