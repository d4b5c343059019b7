// The pages of docs/reference, grouped as somebody thinks who writes a job. Every public name stands on one of them:
// gen-reference.mjs refuses to write while one is missing, or listed and gone.

/**
 * @typedef {'privity' | 'privity/control' | 'privity/stats' | 'privity/testing'} EntryPoint
 * @typedef {{ file: string, title: string, from: EntryPoint, intro: string, names: string[] }} Page
 */

/** @type {{ heading: string, pages: Page[] }[]} */
export const GROUPS = [
  {
    heading: 'Writing a job',
    pages: [
      {
        file: 'job',
        title: 'Jobs',
        from: 'privity',
        intro:
          'What a module exports, and what its function is given. How a job is written: [Writing a job](../writing-a-job.md).',
        names: ['job', 'JobOptions', 'Job', 'AnyBody', 'JobContext', 'OutputOf', 'z'],
      },
      {
        file: 'settings',
        title: 'Arguments and settings',
        from: 'privity',
        intro:
          "Public arguments are the same at every party; settings are each party's own. Both are checked by a schema before anything runs.",
        names: ['Schema', 'SchemaResult', 'SchemaIssue', 'SettingsDeclaration', 'SettingsOf'],
      },
      {
        file: 'parties',
        title: 'Parties and tasks',
        from: 'privity',
        intro: 'A party of the job, and the code that runs there.',
        names: [
          'Party',
          'TaskContext',
          'HandlerContext',
          'Inputs',
          'InputValues',
          'AnyParty',
          'NamedParty',
          'NameOf',
        ],
      },
      {
        file: 'values',
        title: 'Values at parties',
        from: 'privity',
        intro:
          'A value that some parties have is a handle everywhere else. What can be sent, how it is sent, and how it becomes public.',
        names: ['At', 'Reveal', 'tensor', 'Tensor', 'TypedArray', 'SendableLeaf', 'Handle', 'OwnedBy'],
      },
      {
        file: 'flow',
        title: 'Branches, conclaves, quorums',
        from: 'privity',
        intro:
          "Parts of a program side by side, among some of the parties, or at those that come through. Each is a function of the [job's context](job.md#jobcontext).",
        names: ['Parallel', 'Conclave', 'Quorum', 'QuorumResult'],
      },
    ],
  },
  {
    heading: 'Data',
    pages: [
      {
        file: 'tables',
        title: 'Tables',
        from: 'privity',
        intro:
          'Named, typed columns of one party, in a database beside its program. They need the package `@duckdb/node-api`.',
        names: [
          ...[
            'readTable',
            'ReadTableOptions',
            'tableOf',
            'ColumnInput',
            'NumberArray',
            'Table',
            'Column',
            'ColumnType',
          ],
          ...['ColumnArrays', 'ColumnData', 'ColumnOptions', 'writeTable', 'WriteTableOptions'],
        ],
      },
      {
        file: 'psi',
        title: 'Private set intersection',
        from: 'privity',
        intro: 'The rows that two parties have in common. What each side learns: [psi.md](../psi.md).',
        names: [
          ...['psi', 'PsiOptions', 'ColumnNames', 'NormaliseRule', 'PsiProtocolName'],
          ...[
            'profileKeys',
            'ProfileKeysOptions',
            'KeyComparison',
            'KeyProfile',
            'KeyTrait',
            'KeySuggestion',
            'KeyExample',
          ],
          ...['PsiIntoOptions', 'IntoDevice', 'SharedColumns', 'SharedColumnOptions', 'SharedPayload'],
          ...['SharedJoin', 'SharedRecord'],
        ],
      },
    ],
  },
  {
    heading: 'Secrets',
    pages: [
      {
        file: 'secrets',
        title: 'Secure devices and secrets',
        from: 'privity',
        intro:
          'Computing on what nobody has. What each protocol protects, and what every operation costs: [protocols.md](../protocols.md).',
        names: [
          ...[
            'secure',
            'SecureOptions',
            'SecureProtocol',
            'DeviceMembers',
            'MemberLists',
            'SecureDevice',
            'AnyDevice',
            'MembersOf',
            'ShareOptions',
          ],
          ...[
            'BoundOptions',
            'Dtype',
            'Shareable',
            'Secret',
            'SecretFunctions',
            'SecretComparisons',
            'SecretLogic',
            'SecretForms',
            'SecretOrders',
            'OrderOptions',
            'SecretAlgebra',
            'InverseOptions',
            'AnySecret',
            'Fixed',
            'Bool',
            'Operand',
            'PublicOperand',
          ],
          ...['NumberType', 'ProductOptions', 'MatmulOptions'],
        ],
      },
    ],
  },
  {
    heading: 'Statistics: `privity/stats`',
    pages: [
      {
        file: 'statistics-tables',
        title: 'Tables of secrets',
        from: 'privity/stats',
        intro:
          'Columns of several parties, or rows of several parties, as one table that nobody has. What each statistic opens: [Statistics](../statistics.md).',
        names: [
          ...['vertical', 'VerticalOptions', 'horizontal', 'HorizontalOptions', 'PartyColumns'],
          ...['NumberColumnOptions', 'CategoryColumnOptions', 'AnyColumnOptions', 'RowsOption'],
          ...['SecretTable', 'SecretColumn', 'SecretCategory', 'secretTable', 'secretColumn'],
          ...['SecretColumnOptions', 'NumberNames', 'CategoryNames', 'Statistic', 'Opening', 'statistic'],
          ...['StatisticParts', 'OpenedNumbers', 'together', 'ResultsOf'],
        ],
      },
      {
        file: 'statistics-encoding',
        title: 'Encodings',
        from: 'privity/stats',
        intro:
          'Columns made ready at their owner before they are shared: rules that are fitted once, kept, shown and applied again. In short: [Statistics](../statistics.md#encodings).',
        names: [
          ...['encoding', 'Encoding', 'EncodingOptions', 'EncodedAt', 'EncodingRules', 'ColumnRules'],
          ...['NumberRules', 'BinRules', 'WordRules', 'OneHotRules', 'NumberSourceRules', 'WordSourceRules'],
          ...['SourceRules', 'Fill', 'EncodedColumns', 'FittedEncoding', 'FittedRule', 'Learned'],
          ...['encodingText', 'writeEncoding', 'readEncoding'],
        ],
      },
      {
        file: 'statistics',
        title: 'Statistics of a table',
        from: 'privity/stats',
        intro:
          'Each gives a [`Statistic`](statistics-tables.md#statistic), which opens nothing before it is told to whom. What each opens, in one table: [Statistics](../statistics.md).',
        names: [
          ...['describe', 'DescribeOptions', 'Description'],
          ...[
            'frequencies',
            'Frequency',
            'histogram',
            'HistogramOptions',
            'Histogram',
            'quantiles',
            'Quantiles',
          ],
          ...[
            'groupBy',
            'GroupByOptions',
            'GroupSummary',
            'GroupNumbers',
            'secretKey',
            'SecretKey',
            'Group',
            'MinimumOptions',
            'crosstab',
            'Crosstab',
            'CrosstabOptions',
            'ChiSquareTest',
          ],
          ...['welchTest', 'WelchTest', 'GroupTestOptions', 'anova', 'AnalysisOfVariance'],
          ...[
            'twoProportions',
            'TwoProportions',
            'mannWhitney',
            'MannWhitneyOptions',
            'MannWhitneyTest',
            'spearman',
            'RankCorrelations',
          ],
          ...['partialCorrelation', 'varianceInflation', 'Inflation', 'InflationOptions'],
          ...[
            'correlation',
            'Correlations',
            'CorrelationOptions',
            'covariance',
            'Covariances',
            'ConfidenceOptions',
            'PairMatrix',
          ],
        ],
      },
      {
        file: 'statistics-evaluation',
        title: 'Evaluation of scores',
        from: 'privity/stats',
        intro:
          'How good scores are, against labels that another party has. What each result opens: [Statistics](../statistics.md#evaluation).',
        names: [
          ...['binaryEvaluation', 'BinaryEvaluation', 'EvaluationOptions', 'Labels', 'BucketsOptions'],
          ...['Auc', 'KolmogorovSmirnov', 'ThresholdCurve', 'ThresholdPoint', 'OperatingPoint'],
          ...['Calibration', 'CalibrationBucket', 'brierScore', 'regressionEvaluation'],
          ...['RegressionEvaluation', 'SquaredError', 'ResidualOptions', 'ResidualBin'],
          ...['populationStability', 'StabilityOptions'],
        ],
      },
      {
        file: 'statistics-survival',
        title: 'Survival',
        from: 'privity/stats',
        intro:
          'Life tables of rows or columns that several parties have, curves, and tests of groups. What each opens: [Statistics](../statistics.md#survival).',
        names: [
          ...['lifeTable', 'HorizontalLifeTableOptions', 'verticalLifeTable', 'VerticalLifeTableOptions'],
          ...['LifeTableOptions', 'LifeTable', 'kaplanMeier', 'KaplanMeierOptions', 'SurvivalCurve'],
          ...['SurvivalPoint', 'logRank', 'LogRank'],
        ],
      },
      {
        file: 'statistics-report',
        title: 'Charts and reports',
        from: 'privity/stats',
        intro:
          'Pictures and pages of numbers that are opened already: SVG and HTML as texts, which load nothing and run nothing.',
        names: [
          ...['histogramChart', 'HistogramData', 'rocChart', 'RocData', 'RocCurve'],
          ...['calibrationChart', 'CalibrationData', 'CalibrationSeries'],
          ...['survivalChart', 'SurvivalData', 'SurvivalLine', 'Chart'],
          ...['htmlReport', 'ReportPage', 'ReportSection', 'ReportTable', 'Cell'],
        ],
      },
    ],
  },
  {
    heading: 'Failure',
    pages: [
      {
        file: 'failure',
        title: 'Failures',
        from: 'privity',
        intro:
          'What parties agree on when something fails, and how a program goes on. What is promised: [The failure model](../failure-model.md).',
        names: [
          ...[
            'Failure',
            'AgreedFailure',
            'Attempted',
            'RetryPolicy',
            'PublicError',
            'PublicDetails',
            'ErrorLink',
            'FailureCode',
          ],
          ...[
            'failureCodes',
            'FailureCodeInfo',
            'Blame',
            'BLAMES',
            'VerdictInfo',
            'RunAbortedError',
            'ScopeCancelledError',
            'ScopeFailedError',
          ],
        ],
      },
      {
        file: 'errors',
        title: 'Errors',
        from: 'privity',
        intro:
          'One class for each kind of blame, one code for each error. All codes with causes and remedies: [errors.md](../errors.md).',
        names: [
          ...[
            'PrivityError',
            'UsageError',
            'DataError',
            'PeerError',
            'PeerLostError',
            'EnvironmentError',
            'InternalError',
          ],
          ...['ErrorContext', 'ErrorCode', 'errorCatalogue', 'ErrorEntry'],
        ],
      },
      {
        file: 'compiler',
        title: 'What the compiler says',
        from: 'privity',
        intro:
          'Types that nobody writes: a call that would fail at run time does not compile, and the name of a property says why.',
        names: [
          ...[
            'NotAt',
            'NotAHandle',
            'NotSendable',
            'NotAParty',
            'NotAMember',
            'NotShareable',
            'NoShape',
            'NotANumber',
            'NotAtOneParty',
          ],
          ...[
            'NotAtTwoParties',
            'DealerHoldsShares',
            'NotAwaited',
            'InputAt',
            'InputsAt',
            'Unsendable',
            'NotTo',
            'Sharing',
            'OrderAt',
            'SharingOptions',
          ],
          ...[
            'SharedDtype',
            'NumericOf',
            'IsMember',
            'SingleOwner',
            'OtherOwner',
            'DealerOf',
            'AllAwaited',
            'AwaitedLeaf',
            'Unawaited',
          ],
        ],
      },
    ],
  },
  {
    heading: 'Programs that start runs: `privity/control`',
    pages: [
      {
        file: 'programs',
        title: 'Runs',
        from: 'privity/control',
        intro:
          'A run that a program starts, and how it ends. With examples: [Programs](../programs.md). Events and reports: [reports](reports.md).',
        names: [
          ...['run', 'RunOptions', 'local', 'LocalOptions', 'CommonOptions', 'Running', 'RunEnd', 'LocalEnd'],
          ...['PartyEnd', 'Verdict', 'SandboxPolicy', 'SANDBOX_POLICIES'],
        ],
      },
      {
        file: 'node',
        title: 'A client of a node',
        from: 'privity/control',
        intro: 'What a program asks of a [node](../node.md), and how it follows what becomes of it.',
        names: [
          ...['node', 'NodeOptions', 'NodeClient', 'ProposalCalls', 'RunCalls', 'DatasetCalls', 'GrantCalls'],
          ...[
            'RuleCalls',
            'AuditCalls',
            'TokenCalls',
            'packJob',
            'PackedJob',
            'ProposeOptions',
            'ProposalQuery',
            'RunQuery',
          ],
          ...['PurgeRule', 'DatasetOptions', 'GrantOptions', 'GrantQuery', 'AuditQuery', 'TokenOptions'],
          ...['RuleOptions', 'RehearsalOptions'],
          ...['ChangesOptions', 'FollowOptions', 'NodeAddress', 'Asking', 'Question', 'Answering'],
        ],
      },
      {
        file: 'node-answers',
        title: 'What a node answers',
        from: 'privity/control',
        intro: 'Answers of the calls of a [client](node.md), checked. Times are milliseconds since 1970.',
        names: [
          ...['Page', 'Rows', 'Done', 'NodeStatus', 'NodeChange', 'PartnerView', 'DatasetView', 'GrantView'],
          ...['ProposalSummary', 'ProposalView', 'ProposedDocument', 'RunSchedule', 'DecisionView', 'Answer'],
          ...[
            'PriceView',
            'CoverView',
            'JobFiles',
            'JobFileView',
            'RehearsedView',
            'RuleView',
            'UsedGrantView',
          ],
          ...['RunDetail'],
          ...['ANSWERS', 'ProposalState', 'PROPOSAL_STATES', 'LearntSummary', 'LearntRow', 'ScheduleView'],
          ...['RunRow', 'RunState', 'RUN_STATES', 'PurgeView', 'Followed', 'FollowedEnd', 'AuditPage'],
          ...['AuditEntry', 'AuditHead', 'AuditVerdict', 'TokenRow', 'MadeToken', 'Role', 'ROLES'],
          ...['PublishedSchema', 'PublishedColumn'],
        ],
      },
    ],
  },
  {
    heading: 'Testing: `privity/testing`',
    pages: [
      {
        file: 'explore',
        title: 'A job under faults',
        from: 'privity/testing',
        intro:
          'Runs a job in a simulated world, with real code and planned faults, and checks what Privity promises: [Simulation](../simulation.md).',
        names: [
          ...[
            'explore',
            'ExploreOptions',
            'ExploreProgress',
            'Exploration',
            'EXPLORE_RUNS',
            'Ending',
            'SlowestEnd',
            'Break',
            'replay',
            'CheckedRun',
          ],
          ...[
            'Violation',
            'CheckerName',
            'CHECKER_WORDS',
            'Fault',
            'FaultKind',
            'FAULT_KINDS',
            'Target',
            'describeFault',
            'SimulatedRun',
          ],
          ...[
            'SimulatedParty',
            'TimelineLine',
            'TappedFlow',
            'TappedMessage',
            'WireMessage',
            'DataFrameKind',
            'Leak',
            'Bounds',
            'CoreBounds',
          ],
          ...['ErrorDetail', 'ERROR_DETAILS'],
        ],
      },
      {
        file: 'reports',
        title: 'Events and reports',
        from: 'privity/testing',
        intro:
          'What `--json` prints and `--report` writes, as types. Each event in words: [events.md](../events.md).',
        names: [
          ...[
            'RunReport',
            'REPORT_VERSION',
            'RunOutcome',
            'RUN_OUTCOMES',
            'StepReport',
            'StepKind',
            'STEP_KIND_WORDS',
            'StepOutcome',
            'STEP_OUTCOMES',
          ],
          ...[
            'Disclosure',
            'Withheld',
            'WithheldReason',
            'WITHHELD_WORDS',
            'FailureReport',
            'Wait',
            'WAIT_KINDS',
            'BusyProgram',
            'Standstill',
          ],
          ...[
            'TimelineEntry',
            'TIMELINE_MARKS',
            'PeerState',
            'PEER_STATES',
            'PartyVersions',
            'SecureReport',
            'SecureCost',
            'OperationCost',
          ],
          ...[
            'Assumption',
            'PlainStep',
            'SealedContribution',
            'ScopeView',
            'Vote',
            'RunEvent',
            'EventBase',
            'AttachedFailure',
            'ProcessRole',
          ],
          ...['PROCESS_ROLES', 'LOG_LEVELS'],
        ],
      },
      {
        file: 'protocols',
        title: 'Protocols in memory',
        from: 'privity/testing',
        intro: 'Channels and links in one process, for tests of what runs over them.',
        names: [
          ...[
            'memoryChannels',
            'MemoryChannelOptions',
            'MemoryChannels',
            'Tap',
            'Channel',
            'memoryLinks',
            'MemoryLinks',
            'CrossedMessage',
          ],
          ...['Link', 'LinkHandlers', 'LinkState', 'Plane', 'MessageSink', 'Body'],
        ],
      },
    ],
  },
];

/** Names that `privity/testing` gives, too, documented with the main entry. */
export const SHARED = [
  'BLAMES',
  'Blame',
  'ErrorLink',
  'Failure',
  'FailureCode',
  'FailureCodeInfo',
  'PublicDetails',
  'failureCodes',
];
