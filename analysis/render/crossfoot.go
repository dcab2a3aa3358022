package render

import (
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// maxCrossfoot bounds the cells that are rounded so that they add up both ways; larger tables are for programs.
const maxCrossfoot = 2000

// totalOf finds the column that is the sum of all other money columns in every row, as a total is of its parts. It has two at least.
func totalOf(cols []analysis.Column, exact [][]*decimal.Decimal) (sum int, addends []int, ok bool) {
	for c, col := range cols {
		if isMoney(col.Kind) {
			addends = append(addends, c)
		}
	}
	for i := len(addends) - 1; i >= 0 && len(addends) > 2; i-- {
		sum = addends[i]
		others := slices.Delete(slices.Clone(addends), i, i+1)
		if cols[sum].Kind == analysis.ColMoney && isSum(exact, sum, others) {
			return sum, others, true
		}
	}
	return 0, nil, false
}

func isSum(exact [][]*decimal.Decimal, sum int, addends []int) bool {
	for i, s := range exact[sum] {
		if s == nil {
			return false
		}
		left := *s
		for _, c := range addends {
			if exact[c][i] == nil {
				return false
			}
			left = left.Sub(*exact[c][i])
		}
		if !left.IsZero() {
			return false
		}
	}
	return len(exact[sum]) > 0
}

// crossfoot rounds columns, the last row of which is their total, so that they add up down and across: an addend's rows to its
// total, and a row's addends to its sum. Every cell is rounded up or down and none that needs no rounding moves: controlled
// rounding, which always exists (Cox, "A constructive procedure for unbiased controlled rounding", JASA 82, 1987), found as the
// cheapest flow from rows to columns. totals are what the addends' totals should be; they give way only where nothing else adds up. Not
// ok where the rows are not what their totals are of, or too many.
func crossfoot(exact [][]*decimal.Decimal, sum int, addends []int, totals []decimal.Decimal, grand decimal.Decimal, places int32) (columns [][]*decimal.Decimal, ok bool) {
	rows := len(exact[sum]) - 1
	if rows < 1 || rows*len(addends) > maxCrossfoot {
		return nil, false
	}
	for _, c := range addends {
		left := *exact[c][rows]
		for _, a := range exact[c][:rows] {
			left = left.Sub(*a)
		}
		if !left.IsZero() {
			return nil, false
		}
	}
	const (
		cost    = 1000 // of a whole unit that a cell is off
		wanted  = 1_000_000
		atLeast = 1_000_000_000
	)
	down := func(a decimal.Decimal) int64 { return floorTo(a, places).Shift(places).IntPart() }
	rest := func(a decimal.Decimal) int64 { // of a unit, in thousandths; at least one where there is any
		f := a.Sub(floorTo(a, places)).Shift(places)
		if f.IsZero() {
			return 0
		}
		return min(cost-1, max(1, f.Shift(3).IntPart()))
	}
	// Nodes: 0 the source, then rows, then columns, then the sink.
	g := newFlow(rows + len(addends) + 2)
	sink := rows + len(addends) + 1
	flow := grand.Shift(places).IntPart()
	cells := make([][]int, rows)
	floors := make([]int64, len(addends))
	for i := range rows {
		cells[i] = make([]int, len(addends))
		need := down(*exact[sum][i])
		for k, c := range addends {
			a := *exact[c][i]
			need -= down(a)
			floors[k] += down(a)
			flow -= down(a)
			cells[i][k] = -1
			if f := rest(a); f > 0 {
				cells[i][k] = g.edge(1+i, 1+rows+k, 1, cost-2*f)
			}
		}
		g.edge(0, 1+i, need, -atLeast)
		if f := rest(*exact[sum][i]); f > 0 {
			g.edge(0, 1+i, 1, cost-2*f)
		}
	}
	for k, c := range addends {
		t := *exact[c][rows]
		g.edge(1+rows+k, sink, down(t)-floors[k], -atLeast)
		if rest(t) > 0 {
			w := int64(wanted)
			if totals[k].Shift(places).IntPart() > down(t) {
				w = -wanted
			}
			g.edge(1+rows+k, sink, 1, w)
		}
	}
	if !g.run(0, sink, flow) {
		return nil, false
	}
	columns = make([][]*decimal.Decimal, len(exact))
	columns[sum] = make([]*decimal.Decimal, rows+1)
	across := make([]int64, rows+1)
	for k, c := range addends {
		columns[c] = make([]*decimal.Decimal, rows+1)
		total := int64(0)
		for i := range rows {
			n := down(*exact[c][i])
			if e := cells[i][k]; e >= 0 && g.used(e) {
				n++
			}
			d := decimal.New(n, -places)
			columns[c][i] = &d
			across[i] += n
			total += n
		}
		d := decimal.New(total, -places)
		columns[c][rows] = &d
		across[rows] += total
	}
	for i, n := range across {
		d := decimal.New(n, -places)
		columns[sum][i] = &d
	}
	return columns, true
}

// flow is a network whose cheapest flow is found along shortest paths, one after the other.
type flow struct {
	to, next []int
	left     []int64
	cost     []int64
	first    []int
}

func newFlow(nodes int) *flow {
	g := &flow{first: make([]int, nodes)}
	for i := range g.first {
		g.first[i] = -1
	}
	return g
}

// edge adds one and the way back, and returns which it is.
func (g *flow) edge(from, to int, capacity, cost int64) int {
	n := len(g.to)
	g.to, g.next, g.left, g.cost = append(g.to, to), append(g.next, g.first[from]), append(g.left, max(0, capacity)), append(g.cost, cost)
	g.first[from] = n
	g.to, g.next, g.left, g.cost = append(g.to, from), append(g.next, g.first[to]), append(g.left, 0), append(g.cost, -cost)
	g.first[to] = n + 1
	return n
}

// used reports whether something flows along an edge.
func (g *flow) used(edge int) bool { return g.left[edge^1] > 0 }

// run sends an amount; false where it does not fit.
func (g *flow) run(from, to int, amount int64) bool {
	const far = int64(1) << 60
	for amount > 0 {
		dist, by, queued := make([]int64, len(g.first)), make([]int, len(g.first)), make([]bool, len(g.first))
		for i := range dist {
			dist[i], by[i] = far, -1
		}
		dist[from] = 0
		for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
			u := queue[0]
			queued[u] = false
			for e := g.first[u]; e >= 0; e = g.next[e] {
				if v := g.to[e]; g.left[e] > 0 && dist[u]+g.cost[e] < dist[v] {
					if dist[v], by[v] = dist[u]+g.cost[e], e; !queued[v] {
						queued[v] = true
						queue = append(queue, v)
					}
				}
			}
		}
		if dist[to] == far {
			return false
		}
		most := amount
		for v := to; v != from; v = g.to[by[v]^1] {
			most = min(most, g.left[by[v]])
		}
		for v := to; v != from; v = g.to[by[v]^1] {
			g.left[by[v]] -= most
			g.left[by[v]^1] += most
		}
		amount -= most
	}
	return true
}
