-- OpenCost's and Kubecost's allocations as FOCUS rows. An allocation is what a container, pod, controller or namespace, whichever the
-- export goes down to, had of its cluster over a window: a day, mostly. Idle is an allocation too.
--
-- Sources: the allocation API's answer in OpenCost's swagger document, the header of its CSV export.
--
-- How everything still adds up. An allocation is no invoice: the nodes are on a cloud's bill already, and adding allocations to it would
-- count them twice. So each is two rows: the workload's part, as usage, and as an adjustment the same amount taken from the cluster's
-- nodes. Rolled up, that is one negative row a cluster and day, as large as the split. All of a cluster's rows add up to 0; the split
-- moves cost and makes none, and a total over everything, by any metric, stays that of the bills. What was allocated is the sum of the
-- usage rows, which is the file's own total.
WITH parts AS (
  SELECT src.*,
    CASE WHEN "start" IS NOT NULL THEN "start" ELSE "date" END AS begins,
    CASE WHEN cluster IS NOT NULL THEN cluster ELSE 'cluster' END AS cluster_name,
    -- The total has everything in it: idle, load balancers, volumes, network, shared and external cost and all adjustments. Exports from
    -- before there was a total have its parts.
    CASE WHEN total_cost IS NOT NULL THEN total_cost
      WHEN cpu_cost IS NOT NULL OR ram_cost IS NOT NULL OR gpu_cost IS NOT NULL OR pv_cost IS NOT NULL OR network_cost IS NOT NULL THEN
        CASE WHEN cpu_cost IS NULL THEN 0 ELSE cpu_cost END + CASE WHEN ram_cost IS NULL THEN 0 ELSE ram_cost END
        + CASE WHEN gpu_cost IS NULL THEN 0 ELSE gpu_cost END + CASE WHEN pv_cost IS NULL THEN 0 ELSE pv_cost END
        + CASE WHEN network_cost IS NULL THEN 0 ELSE network_cost END END AS amount,
    -- What nobody asked for has a name between underscores, alone or behind the cluster's or the node's.
    CASE WHEN contains(concat_ws('/', name, namespace, controller_name, pod), '__idle__') THEN '__idle__'
      WHEN contains(concat_ws('/', name, namespace), '__unmounted__') THEN '__unmounted__'
      WHEN namespace IS NULL AND contains(name, '__unallocated__') THEN '__unallocated__' END AS special
  FROM src
),

workloads AS (
  SELECT parts.*, unnest([false, true]) AS balances,
    CASE WHEN special IS NOT NULL THEN special ELSE namespace END AS spaces,
    CASE WHEN special = '__idle__' THEN 'idle' WHEN special = '__unmounted__' THEN 'unmounted volumes' WHEN special = '__unallocated__' THEN 'unallocated'
      WHEN pod IS NOT NULL THEN pod WHEN controller_name IS NOT NULL THEN controller_name WHEN namespace IS NOT NULL THEN namespace ELSE name END AS workload,
    CASE WHEN special IS NOT NULL THEN concat_ws('/', cluster_name, node, special)
      WHEN namespace IS NULL THEN concat_ws('/', cluster_name, name)
      ELSE concat_ws('/', cluster_name, namespace, controller_name, pod, container) END AS workload_id
  FROM parts
)

SELECT
  'Kubernetes' AS ServiceProviderName,
  'Kubernetes' AS PublisherName,
  -- The cluster is what a feed is of: its month replaces itself, and another cluster's does not. OpenCost's CSV names none.
  cluster AS BillingAccountId,
  cluster_name AS SubAccountId,
  cluster_name AS SubAccountName,
  'Cluster' AS SubAccountType,
  -- Neither names a currency: the one that is said with the load, else US dollars.
  CAST(NULL AS VARCHAR) AS BillingCurrency,
  date_trunc('month', begins) AS BillingPeriodStart,
  date_trunc('month', begins) + INTERVAL 1 MONTH AS BillingPeriodEnd,
  -- The window that was asked for, not the hours in it that the workload ran.
  begins AS ChargePeriodStart,
  "end" AS ChargePeriodEnd,

  CASE WHEN balances THEN 'Adjustment' ELSE 'Usage' END AS ChargeCategory,
  'Usage-Based' AS ChargeFrequency,
  CASE WHEN balances THEN concat('Nodes of ', cluster_name, ': their cost is split to the workloads')
    WHEN special = '__idle__' THEN 'Idle: what of the nodes no workload asked for'
    WHEN special = '__unmounted__' THEN 'Volumes that no workload had mounted'
    WHEN special = '__unallocated__' THEN 'Cost that belongs to no workload'
    ELSE concat_ws('/', namespace, controller_name, pod, container) END AS ChargeDescription,

  -- Nothing of it is invoiced.
  0 AS BilledCost,
  CASE WHEN balances THEN -amount ELSE amount END AS EffectiveCost,
  -- ListCost and ContractedCost stay null, which is unknown and not 0: an allocation has one price, the one that it was made with.

  'Kubernetes' AS ServiceName,
  'Compute' AS ServiceCategory,
  'Containers' AS ServiceSubcategory,
  CASE WHEN balances THEN concat(cluster_name, '/nodes') ELSE workload_id END AS ResourceId,
  CASE WHEN balances THEN concat('nodes of ', cluster_name) ELSE workload END AS ResourceName,
  CASE WHEN balances THEN 'Nodes' WHEN special IS NOT NULL THEN 'Cluster' WHEN container IS NOT NULL THEN 'Container' WHEN pod IS NOT NULL THEN 'Pod'
    WHEN controller_name IS NOT NULL THEN CASE WHEN controller_kind IS NOT NULL THEN controller_kind ELSE 'Controller' END
    WHEN namespace IS NOT NULL THEN 'Namespace' END AS ResourceType,
  CASE WHEN NOT balances THEN 'OpenCost' END AS AllocatedMethodId,
  CASE WHEN NOT balances THEN workload_id END AS AllocatedResourceId,
  CASE WHEN NOT balances THEN workload END AS AllocatedResourceName,

  -- Namespace and controller are tags beside the labels, so that cost by namespace or by team is asked for in the same way; where a label has
  -- one of their names they win. Pods and containers are resources: as tags they would be a dimension with a value a row.
  CASE WHEN NOT balances THEN nullif(CAST(json_merge_patch(
      CASE WHEN labels IS NULL THEN '{}' ELSE labels END,
      CASE WHEN label_columns IS NULL THEN '{}' ELSE label_columns END,
      CASE WHEN spaces IS NULL THEN '{}' ELSE concat('{"namespace":', CAST(to_json(spaces) AS VARCHAR), '}') END,
      CASE WHEN controller_name IS NULL THEN '{}' ELSE concat('{"controller":', CAST(to_json(controller_name) AS VARCHAR), '}') END,
      CASE WHEN controller_kind IS NULL THEN '{}' ELSE concat('{"controller_kind":', CAST(to_json(controller_kind) AS VARCHAR), '}') END) AS VARCHAR), '{}') END AS Tags
FROM workloads
