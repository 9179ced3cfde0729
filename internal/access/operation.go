package access

// Operation is one thing that somebody can ask for. The set is closed: every
// operation has a rule, and the table test walks them all.
type Operation string

const (
	ShowProgrammer   Operation = "programmer.show"
	CreateProgrammer Operation = "programmer.create"
	UpdateProgrammer Operation = "programmer.update"
	DeleteProgrammer Operation = "programmer.delete"

	ShowChannel   Operation = "channel.show"
	CreateChannel Operation = "channel.create"
	UpdateChannel Operation = "channel.update"
	DeleteChannel Operation = "channel.delete"

	ShowApplication   Operation = "application.show"
	CreateApplication Operation = "application.create"
	RevokeApplication Operation = "application.revoke"

	ShowStatement   Operation = "statement.show"
	IssueStatement  Operation = "statement.issue"
	RevokeStatement Operation = "statement.revoke"

	ShowClient   Operation = "client.show"
	RevokeClient Operation = "client.revoke"

	ShowKill       Operation = "kill.show"
	RevokeToken    Operation = "token.revoke"
	RevokePlatform Operation = "platform.revoke"
	RevokeChannel  Operation = "channel.revoke"
	RevokeIssuer   Operation = "issuer.revoke"
	RevokeKey      Operation = "key.revoke"
	LiftKill       Operation = "kill.lift"

	ShowKey   Operation = "key.show"
	RotateKey Operation = "key.rotate"

	ShowProxyMVPD   Operation = "proxy_mvpd.show"
	CreateProxyMVPD Operation = "proxy_mvpd.create"
	UpdateProxyMVPD Operation = "proxy_mvpd.update"
	DeleteProxyMVPD Operation = "proxy_mvpd.delete"

	ShowCatalogue   Operation = "catalogue.show"
	ExtendCatalogue Operation = "catalogue.extend"
	UpdateCatalogue Operation = "catalogue.update"
	ReduceCatalogue Operation = "catalogue.reduce"

	// AdoptApplication and ReleaseApplication set and clear the mark of a
	// manifest.
	AdoptApplication   Operation = "application.adopt"
	ReleaseApplication Operation = "application.release"

	ShowManifest    Operation = "manifest.show"
	ApplyManifest   Operation = "manifest.apply"
	ReleaseManifest Operation = "manifest.release"

	// ExportStore takes everything along, and ImportStore puts it back.
	ExportStore Operation = "store.export"
	ImportStore Operation = "store.import"
	MoveStore   Operation = "store.move"

	ShowRoutes  Operation = "route.show"
	ShowRefusal Operation = "refusal.show"
	ShowCensus  Operation = "census.show"
	TryOut      Operation = "trial.run"

	ExamineGateway Operation = "gateway.examine"

	ShowAudit   Operation = "audit.show"
	VerifyAudit Operation = "audit.verify"

	ShowChangeSet     Operation = "change_set.show"
	EditChangeSet     Operation = "change_set.edit"
	PushChangeSet     Operation = "change_set.push"
	RollBackChangeSet Operation = "change_set.roll_back"
)

// rule says which admins may do it in their own place; an operator always
// may. reads says that it changes nothing, so that those of the same place
// who only read may as well.
type rule struct{ programmer, channel, reads bool }

// rules is what each role is trusted with. What is worth a comment:
//
// A channel's id is a name that all programmers share, so that only an
// operator says whose it is. A platform, an issuer or a key is everybody's,
// and of a token nobody has a record that tells whose it is. Only an operator
// lifts a kill: it may have been thrown on those who would like to lift it.
// Proxy MVPDs belong to no programmer.
var rules = map[Operation]rule{
	ShowProgrammer:   {programmer: true, reads: true},
	CreateProgrammer: {},
	UpdateProgrammer: {programmer: true},
	DeleteProgrammer: {},

	ShowChannel:   {programmer: true, channel: true, reads: true},
	CreateChannel: {},
	UpdateChannel: {programmer: true, channel: true},
	DeleteChannel: {},

	ShowApplication:   {programmer: true, channel: true, reads: true},
	CreateApplication: {programmer: true, channel: true},
	RevokeApplication: {programmer: true, channel: true},

	ShowStatement:   {programmer: true, channel: true, reads: true},
	IssueStatement:  {programmer: true, channel: true},
	RevokeStatement: {programmer: true, channel: true},

	ShowClient:   {programmer: true, channel: true, reads: true},
	RevokeClient: {programmer: true, channel: true},

	ShowKill:       {programmer: true, channel: true, reads: true},
	RevokeToken:    {},
	RevokePlatform: {},
	RevokeChannel:  {programmer: true, channel: true},
	RevokeIssuer:   {},
	RevokeKey:      {},
	LiftKill:       {},

	ShowKey:   {reads: true},
	RotateKey: {},

	ShowProxyMVPD:   {reads: true},
	CreateProxyMVPD: {},
	UpdateProxyMVPD: {},
	DeleteProxyMVPD: {},

	ShowCatalogue:   {programmer: true, channel: true, reads: true},
	ExtendCatalogue: {},
	UpdateCatalogue: {},
	ReduceCatalogue: {},

	AdoptApplication:   {},
	ReleaseApplication: {},

	ShowManifest:    {reads: true},
	ApplyManifest:   {},
	ReleaseManifest: {},

	ExportStore: {},
	ImportStore: {},
	MoveStore:   {},

	ShowRoutes:  {reads: true},
	ShowRefusal: {programmer: true, channel: true, reads: true},
	ShowCensus:  {programmer: true, channel: true, reads: true},
	TryOut:      {reads: true},

	ExamineGateway: {reads: true},

	ShowAudit:   {programmer: true, channel: true, reads: true},
	VerifyAudit: {reads: true},

	ShowChangeSet:     {programmer: true, channel: true, reads: true},
	EditChangeSet:     {programmer: true, channel: true},
	PushChangeSet:     {programmer: true, channel: true},
	RollBackChangeSet: {programmer: true, channel: true},
}

// Operations lists every operation.
var Operations = []Operation{
	ShowProgrammer, CreateProgrammer, UpdateProgrammer, DeleteProgrammer,
	ShowChannel, CreateChannel, UpdateChannel, DeleteChannel,
	ShowApplication, CreateApplication, RevokeApplication,
	ShowStatement, IssueStatement, RevokeStatement,
	ShowClient, RevokeClient,
	ShowKill, RevokeToken, RevokePlatform, RevokeChannel, RevokeIssuer, RevokeKey, LiftKill, ShowKey, RotateKey,
	ShowProxyMVPD, CreateProxyMVPD, UpdateProxyMVPD, DeleteProxyMVPD,
	ShowCatalogue, ExtendCatalogue, UpdateCatalogue, ReduceCatalogue,
	AdoptApplication, ReleaseApplication, ShowManifest, ApplyManifest, ReleaseManifest,
	ExportStore, ImportStore, MoveStore,
	ShowRoutes, ShowRefusal, ShowCensus, TryOut, ExamineGateway, ShowAudit, VerifyAudit,
	ShowChangeSet, EditChangeSet, PushChangeSet, RollBackChangeSet,
}
