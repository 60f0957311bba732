// The coverage matrix of an HTML report: operations down, statuses across.

import { operations } from "../../../spec/document.ts";
import { type Cell, type Coverage, cellsOf, percentOf } from "../coverage.ts";
import { html, type Markup } from "./markup.ts";

export function coverageSection(coverage: Coverage): Markup {
  const { rules, statuses } = coverage;
  const counts = new Map(coverage.operations.map(({ operationId, statuses }) => [operationId, statuses]));
  const rows = operations.map((operation) => ({
    operation,
    cells: cellsOf(operation, counts.get(operation.operationId) ?? {}),
  }));
  const columns = [...new Set(rows.flatMap(({ cells }) => cells.map(({ status }) => status)))].toSorted();
  const head = html`<tr><th scope="col">Operation</th>${columns.map((status) => html`<th scope="col">${status}</th>`)}</tr>`;
  const body = rows.map(
    ({ operation: { operationId, method, path }, cells }) => html`
<tr><th scope="row" title="${method.toUpperCase()} ${path}"><code>${operationId}</code></th>${columns.map((column) =>
      matrixCell(cells.find(({ status }) => status === column)),
    )}</tr>`,
  );
  return html`<p>${statuses.seen} of ${statuses.declared} declared statuses were seen and ${rules.run} of ${rules.total} rules were exercised: ${percentOf(coverage).toFixed(1)} %.</p>
<p class="key"><span><i class="seen"></i>seen so often</span><span><i class="unseen"></i>declared, not seen</span><span><i class="wrong"></i>seen, not declared</span></p>
<div class="scroll" tabindex="0" role="region" aria-label="Coverage of operations by status"><table class="matrix"><thead>${head}</thead><tbody>${body}</tbody></table></div>`;
}

function matrixCell(cell: Cell | undefined): Markup {
  if (cell === undefined) return html`<td></td>`;
  if (!cell.isDeclared) return html`<td class="wrong">${cell.count}</td>`;
  return cell.count > 0 ? html`<td class="seen">${cell.count}</td>` : html`<td class="unseen">0</td>`;
}
