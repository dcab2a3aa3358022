package ask

// topic is a kind of question that is recognised and not answered here. instead is a question that is, with %s for the
// names the asker gave ("of team payments") or nothing.
type topic struct {
	name    string
	phrases []pattern
	unless  []pattern
	says    string // one sentence up to where "; ask ..." follows
	instead string
}

// refusals come before anything else is read: nothing a sentence says changes who may see what, and the bot is read-only.
var refusals = []topic{
	{name: "injection", phrases: phrases("ignore|disregard|forget|override|bypass all|any|the|your|my? previous|prior|above|earlier|all|your|system rules|instructions|rule|instruction|prompts|prompt|restrictions|permissions|context|orders",
		"ignore|disregard|override|bypass ... rules|instructions|restrictions|permissions|scope|scopes|guardrails", "system prompt", "you are now", "pretend|act as|to", "jailbreak",
		"developer|admin|god mode", "drop table|database", "delete from|table", "insert into", "union all? select", "select _ from", "update _ set", "or 1=1", "reveal ... password|secret|secrets|token|tokens|credentials", "show|print|give|what|tell ... api|secret|access key|keys|token|tokens", "password|passwords|credentials"),
		says: "Rules about who may see what do not change by asking, and nothing in a question is run as a command", instead: "how much did we spend last month?"},
	{name: "mutation", phrases: phrases("^please|can|could|would? you? please? terminate|kill|delete|destroy|stop|shutdown|resize|rightsize|downsize|scale|restart|reboot|remove|detach|purge|buy|purchase|cancel|release|suspend|disable|enable|tag|untag|move|migrate|modify the|all|our|any|my|a|an|those|these|that|this|idle|unused|unattached|old|it|them|everything|instances|instance|resources|snapshots|volumes|savings|reserved|reservations",
		"^please|go|just? and? terminate|kill|delete|destroy|shutdown|resize|rightsize|detach|purge|reboot", "shut|turn down|off the|all|our|my|it|them|everything|those", "^please|can|could|would? you? please? shut|turn|switch|scale|spin down|off"),
		says: "This bot only reads bills and changes nothing in a cloud account", instead: "top 10 resources by cost this month"},
}

// topics are the questions of other kinds, the most specific first.
var topics = []topic{
	{name: "price_lookup", phrases: phrases("how much is|does an|a|one _ cost?", "price|cost of an|one _ in", "what does an|one _ cost", "how much would _ cost"),
		unless: phrases("a|one day|week|month|year", "the bill", "we pay|paying|spend", "savings plan"),
		says:   "Price lists are not looked up here, only what was used and billed", instead: "spend by instance type this month"},
	{name: "savings_verify", phrases: phrases("did|has|have _ save|saved", "did|has|have|does ... save what|as|money|us", "closed|done|resolved tickets|ticket", "savings? verified|realized|realised|achieved", "verify|verified ... savings"),
		says: "Verified savings are not tracked here yet", instead: "why did spend%s change last month?"},
	{name: "ticket", phrases: phrases("open|create|file|raise|make|log a|an|the? new? jira|ticket|tickets|issue", "jira ticket|issue", "assign ... ticket|to"),
		says: "Tickets are not opened from a question here yet", instead: "top 10 resources by cost this month"},
	{name: "backlog", phrases: phrases("backlog", "optimization|optimisation list|items|queue|opportunities|recommendations", "recommendations|recommendation"),
		says: "There is no optimization backlog here yet", instead: "top 10 resources by cost this month"},
	{name: "runbook", phrases: phrases("how do|can|should|to i|we|you? fix|reduce|lower|cut|optimize|optimise|remediate|solve|avoid|mitigate|bring", "runbook|runbooks|playbook", "what should we|i do about"),
		says: "Runbooks are not looked up from a question here yet", instead: "why did spend%s change last week?"},
	{name: "anomaly_kpi", phrases: phrases("how many|often ... anomaly|anomalies|alerts", "false positive rate|ratio|rates", "mean time to detect|notify|resolve", "mttd|mttr"),
		says: "There are no anomaly alerts to count here yet", instead: "why did spend change last month?"},
	{name: "anomaly_triage", phrases: phrases("mark|close|dismiss|acknowledge|ack|snooze|resolve|mute ...", "who owns|own|has the? anomaly|incident|alert", "false positive|positives", "assign the anomaly"),
		unless: phrases("market|marketplace"),
		says:   "There are no anomalies to triage here yet", instead: "why did spend%s change last week?"},
	{name: "anomaly_list", phrases: phrases("anomaly|anomalies|anomalous", "outlier|outliers", "anything|something unusual|weird|odd|strange|abnormal", "alerts", "unusual|abnormal spend|spending|cost|costs|charges|spikes|activity"),
		says: "Anomalies are not detected here yet", instead: "why did spend%s change last week?"},
	{name: "budget_set", phrases: phrases("set|create|define|add|raise|increase|change|update a|the|our|my|an|monthly? _ ... budget|budgets", "alert|notify|warn|ping|tell me|us? at|when|if"),
		says: "Budgets and alerts cannot be set here yet", instead: "how much did we spend%s this month?"},
	{name: "budget_status", phrases: phrases("over|under|within|above|below|on|exceed|exceeded|exceeding|against|to|vs|versus the|our|its|their? budget|budgets", "budget|budgets|budgeted", "burn rate|down", "runway"),
		says: "There are no budgets here yet", instead: "how much did we spend%s this month?"},
	{name: "what_if", phrases: phrases("how much could|would|can|do|might we|i|you|it|one save", "what if", "if we|i ... save|cost|pay|stop|stopped|switch|switched|move|moved|deprecate|delete|use|used|turn|turned", "would we save", "could we save", "simulate|simulation", "savings if|from", "potential|possible|estimated savings|saving"),
		unless: phrases("idle resources|instances", "savings plan|plans"),
		says:   "What-if savings are not estimated here yet", instead: "how much did we spend%s last month?"},
	{name: "commitment_recommend", phrases: phrases("should we buy|purchase|commit|get|reserve|renew|add|sell", "how much|many ... commit|reserve|buy", "recommend ... savings|reserved|reservations|commitments|commitment", "more savings|reserved|commitments plans|plan|instances|instance?", "no|all|partial upfront"),
		unless: phrases("why"),
		says:   "Commitment purchases are not recommended here yet", instead: "how much did we spend%s at list price last month?"},
	{name: "commitment_utilization", phrases: phrases("wasting|waste|wasted|unused|underused|underutilized|idle any|our|on|the? reserved|reservation|reservations|savings|commitment|commitments|ris|sps", "savings|reserved|commitment|commitments|reservation|reservations|ri|sp plan|plans|instance|instances|discount? utilization|utilisation", "utilization|utilisation of|for our|the? savings|reserved|commitments|reservations|ris"),
		unless: phrases("why"),
		says:   "Commitment utilization is not reported here yet", instead: "why did spend%s change last month?"},
	{name: "commitment_coverage", phrases: phrases("savings|reserved|commitment|commitments|reservation|ri|sp plan|plans|instance|instances|discount? coverage", "coverage of|by|for our|the? savings|reserved|commitments|reservations", "how well covered", "what is our|the? coverage", "covered by savings|reserved|commitments|reservations", "when do|does|will our|the|a? savings|reserved|commitments|reservations|commitment plan|plans|instances? expire|end|run"),
		unless: phrases("why", "did|was|is it|the|because|due", "change|changed|drop|dropped|fall|fell"),
		says:   "Commitment coverage is not reported here yet", instead: "why did spend%s change last month?"},
	{name: "savings_rate", phrases: phrases("savings rate|rates", "esr", "effective savings", "how much did|do|are we save|saved|saving", "discount rate|percentage"),
		says: "Savings rates are not reported here yet", instead: "how much did we spend%s at list price last month?"},
	{name: "unit_cost", phrases: phrases("cost|costs|price|spend per|/ gb|gib|tb|request|requests|user|users|customer|customers|vcpu|vcpus|cpu|core|order|orders|transaction|transactions|query|hour|api|call|calls|token|tokens|event|events|unit|tenant|mau|dau|click|thousand|million|1000|1k|#", "hourly cost", "unit cost|costs|economics|price|metrics|metric", "faster|slower than traffic|usage|revenue|users|customers|orders|requests", "per gb|vcpu|request|requests|customer|user|vcpu-hour|transaction|order", "per # _ ", "as a? percentage|share|percent of revenue|sales"),
		says: "Unit costs are not computed here yet: a bill has no traffic or business figures", instead: "spend%s by month for the last 6 months"},
	{name: "allocation", phrases: phrases("unallocated|allocated|allocation|allocate|unattributed", "showback|chargeback|show-back|charge-back", "shared cost|costs", "split the|our? shared|support", "how much of the|our ... does|do|did|should _ get|pay|owe|carry|bear", "apportion|apportioned|apportionment"),
		says: "Shared costs are not allocated here yet", instead: "how much did we spend%s last month?"},
	{name: "tag_compliance", phrases: phrases("spelling|spellings", "tag|tagging compliance|coverage|hygiene|policy|policies|quality", "required tags", "list|show|find|which|what ... untagged|resources resources|missing|without", "list|show|what|which me? all|the? tags|tag keys|values|are|do|available|exist|we|have?", "how well|much tagged", "percentage|percent|share ... tagged|untagged"),
		unless: phrases("cost|costs|spend|spending|expensive|bill"),
		says:   "Tag hygiene is not reported here yet", instead: "how much did we spend without a team tag last month?"},
	{name: "k8s", phrases: phrases("deployments|deployment|pods|pod|workloads|containers request|requests|requesting|use|using|requested", "idle cost|costs|capacity of|in|for", "cpu|memory requests|request|limits", "more|way cpu|memory than", "cluster efficiency|overhead|idle"),
		says: "What happens inside a Kubernetes cluster is not in a bill", instead: "how much did we spend on kubernetes this month?"},
	{name: "waste", phrases: phrases("wasting|waste|wasted|wasteful", "idle|unused|unattached|orphaned|orphan|stopped|zombie|abandoned|detached|oversized|underutilized|underutilised resources|resource|instances|instance|volumes|volume|ebs|disks|disk|ips|ip|snapshots|load|vms|databases|clusters|cost|costs|gateways", "snapshots|volumes|resources|instances|backups older|that|not", "rightsize|rightsizing|right-size|right-sizing|downsize", "save|saving|savings money", "where|how can|could we save|cut|reduce|optimize", "unattached|orphaned|underutilized|underutilised|zombie"),
		says: "Waste is not searched for here yet: a bill shows what was charged, not what sat idle", instead: "top 10 resources by cost this month"},
	{name: "invoice", phrases: phrases("corrections|correction for|of|to|in a|the|previous|previously? ...", "reconcile|reconciliation|reconciled", "invoice number|numbers|id|ids|due|date|pdf", "previously invoiced", "restated|restatement|restatements"),
		unless: phrases("why"),
		says:   "Invoice corrections are not listed here yet", instead: "billed spend%s by charge category last month"},
	{name: "digest", phrases: phrases("pulse|digest|newsletter", "send|post|deliver|email|mail|dm|schedule|subscribe ... every|daily|weekly|monthly|monday|mondays|here|channel|me|us", "schedule|subscribe|remind", "every monday|tuesday|wednesday|thursday|friday|day|morning|week|month at|to?"),
		unless: phrases("spend|spent|cost|costs every day|week|month"),
		says:   "The pulse and scheduled reports are not made from a question here yet", instead: "why did spend%s change last week?"},
	{name: "kpi", phrases: phrases("efficiency score|rate|kpi|index", "kpi|kpis", "maturity", "finops score"),
		says: "Efficiency scores are not computed here yet", instead: "how much did we spend%s last month?"},
	{name: "carbon", phrases: phrases("carbon|co2|emissions|emission|footprint|sustainability"),
		says: "Emissions are not in a bill", instead: "spend by region last month"},
	{name: "forecast", phrases: phrases("forecast|forecasts|forecasted|forecasting|predict|predicted|prediction|projection|project|projected|extrapolate", "will|gonna be|my|our|the|we|cost|spend|i|it|that|this", "going to be|spend|cost|pay|end", "rest of the|this|20|2025|2026|2027|year|month|quarter? _", "by the? end of", "next month|week|quarter|year", "run rate|run-rate", "expect|expected to? spend|pay|cost", "estimate|estimated for? next|end|bill|month", "end of month|year|quarter", "tomorrow"),
		unless: phrases("project|projected _ since|team|tag|spend|cost|costs|bill|for|in", "for|of|in|the|by|per|each|which|tag|on project", "_ project", "^project"),
		says:   "Forecasts are not made here yet", instead: "how much did we spend%s last month?"},
}

// chatter is what people say to a bot that is no question about spend; it gets an honest sentence back.
var chatter = topic{name: "help", phrases: phrases("^help$", "^hi|hello|hey|yo|thanks|thx|bye|ok|okay|cool|great|test|ping|morning|hola|ty", "^thank you", "^good morning|afternoon|evening|bot", "^who are you", "^what can|do you", "^how are you"),
	says: "This bot answers what the cloud bill shows: how much, for what, against when, and why it changed", instead: "why did spend change last week?"}

// offTopic is about the world at large.
var offTopic = topic{name: "off_topic", phrases: phrases("weather", "joke", "poem", "capital of", "stock price", "bitcoin", "football|soccer", "meaning of life", "recipe", "translate", "who won|is the president", "write me? a|some|an code|poem|email|story|script"),
	says: "That is nothing a cloud bill can tell", instead: "why did spend change last week?"}
