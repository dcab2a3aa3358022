package ask

import "strings"

// words of the grammar and words that carry nothing in a question about spend. A word that is neither here nor in the
// vocabulary is never dropped in silence: it is asked back or named in a note.
var grammarWords = wordSet(`
a about above account accounts across add additional after again against ago all almost along already also always am among
amount amounts an analyze analyse and annual annually another any anybody anyone anything approximately are aren around as ask at attributable away
back based basis be because become been before began begin beginning behind being below best better between beyond big bigger
biggest bill billed billing bills bit bot bottom bought both break breakdown bring broke broken budget but buy by calculate
calculated call came can category categories cause caused causes causing change changed changes changing charge charged charges
chart cheap cheaper cheapest check clear climb climbed cloud clouds come comes coming company compare compared comparing comparison
complete completed composition computed consumed consumption contribute contributed contributing contribution contributor
contributors cost costed costing costliest costly costs could coverage csv current currently cut daily dashboard data date
dates day days decline declined decrease decreased decreases decreasing default deliver delta department detail detailed
details determine did didn diff differ difference differences different display do does doesn doing dollar dollars done down
draw drill drive driven driver drivers drives driving drop dropped dropping drops due during each earlier early easily either
else end ended ending entire environment environments especially estimate even ever every everybody everyone everything exact exactly
excl exclude excluded excluding except expense expenses expensive expenditure expire expired explain explained explaining explanation
export fall fallen falling falls far fee fees fell few figure figures filter filtered final finance find finish first flat
for forecast fresh from full further gave generate get gets getting give given gives giving global go goes going gone
good got gotten graph great greatest grew group grouped grouping grow growing grown grows growth guys had half happen
happened happening happens has have having he hello help her here hey hi high higher highest him his history hour hours how
however huge i if important in incl include included includes including incomplete increase increased increases increasing
infrastructure instead interested into invoice invoiced invoices is isn it item items its itself jump jumped jumping jumps
just keep kept kind know known large larger largest last late lately later latest latter least leave less let level like
line list listed little load loaded long longer look looking looks lot lots low lower lowest main mainly major make makes
many market matter may me mean means meant measure might mind mine minus money month monthly months more most mostly
move moved movement moves movers moving much must my name named namely near nearly need net never new next nice night no
none nor normal normally not note nothing now number numbers occur occurred of off often ok okay old on once one ones only open or
order other others our ours out outside over overall own owned owner owners owns page paid part particular particularly past
pay paying payment people per percent percentage period periods person place please plot plus point possible present
previous previously price priced prices pricing prior probably produce project projects provider providers provide public purchase
purchased pull put quarter quarterly quarters question quick quickly quite raise raised rate rates rather ratio read real really
reason reasons recent recently reduce reduced reduction regarding region regions related relative remaining report reported
reporting resource resources respect rest result results retrieve review right rise risen rises rising roll rose run running
runs said same saw say says see seem seems seen send sense separate separately service services several shall share she shift should
show showed showing shown shows side significant significantly similar simple simply since single skyrocket skyrocketed sky-rocketed small
smaller smallest so some somebody someone something sort sorted source space spend spending spends spent spike spiked spikes spiking
split stand start started starting starts state stay still stop straight subscription subscriptions such sudden suddenly sum
summarise summarize summary sure surge surged table tag tagged tags take taken tell than thank thanks that the their them then
there these they thing things think this those though through throughout thus till time times to today together told too took
top tot total totals toward towards track trend trended trending trends true try turn two type types under understand unit until up
update upon us usage use used user uses using usual usually utilisation utilization value values variance various version
versus very via view vs want wanted wants was wasn way we week weekday weekdays weekend weekends weekly weeks well went were
weren what whatever when where whether which while who whole whom whose why will with within without wonder word work worse
worst would wouldn write wrong year yearly years yes yesterday yet you your yours
amortised amortized blended unblended effective list on-demand ondemand contracted discounted negotiated undiscounted retail
credit credits tax taxes vat refund refunds adjustment adjustments purchases upfront recurring one-off
everything anything spendings costings bang buck quantity quantities trendline mom yoy qoq wow dod
per-service per-team per-account ours guys folks team hmm um uh pls plz thx eh lol wtf heck hell damn damage earth btw drove average avg averages median typical burned burnt responsible impact accurate accuracy reliable spenders
spender numbers nonetheless fyi asap lol stuff gotten became become pricier offender offenders morning
actual actuals approx bigger-than ballpark burn burning eat eating ate blow blew blown biggest-ever day-to-day excessive spendy
evolve evolved evolution fluctuate fluctuated swing swung gone-up soar soared double doubled triple tripled halved uptick
hike hiked climb creep crept balloon ballooned plummet plummeted shrink shrank dip dipped tank tanked exploded explode
`)

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		out[w] = true
	}
	return out
}

// costNouns are what a question about spend is about.
var costNouns = wordSet(`spend spending spendings spent spends cost costs costing costed bill bills billed billing charges charge charged charging expense
expenses expenditure pay paid paying payment invoice invoiced price usage consumption budget money fee fees total burn costings`)

// misspelt are the words of the grammar that a slip is looked for in: long enough to be told apart.
var misspelt = strings.Fields(`spend spending spent cost costs month months week weeks quarter quarters yesterday service services region regions account accounts
compare compared between increase increased decrease decreased change changed breakdown total yesterday today average expensive
highest biggest largest provider providers usage invoice billed amortized effective january february april june july august
september october november december monday tuesday wednesday thursday friday saturday sunday weekend production staging
subscription subscriptions project projects environment resource resources credits without excluding versus explain instance`)
