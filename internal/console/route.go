package console

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// route is one page, or one thing that a form can do.
type route struct {
	method, path string
	// op is what somebody must be allowed to do to anything at all.
	op access.Operation
	// section is the entry of the navigation that it belongs to.
	section string
	// reads marks a POST that changes nothing: what it is asked about must not
	// stand in an address.
	reads bool
	serve func(*visit) error
}

func (r route) changes() bool { return r.method == http.MethodPost && !r.reads }

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes are all pages. The tests walk them.
var routes = []route{
	{get, "/{$}", access.ShowCensus, "/", false, showOverview},
	{get, "/live", access.ShowCensus, "/", false, showLive},

	{get, "/programmers", access.ShowProgrammer, "/programmers", false, listProgrammers},
	{get, "/programmers/new", access.CreateProgrammer, "/programmers", false, newProgrammer},
	{post, "/programmers/new", access.CreateProgrammer, "/programmers", false, createProgrammer},
	{get, "/programmers/{id}", access.ShowProgrammer, "/programmers", false, showProgrammer},
	{get, "/programmers/{id}/edit", access.UpdateProgrammer, "/programmers", false, editProgrammer},
	{post, "/programmers/{id}/edit", access.UpdateProgrammer, "/programmers", false, updateProgrammer},
	{get, "/programmers/{id}/delete", access.DeleteProgrammer, "/programmers", false, askDeleteProgrammer},
	{post, "/programmers/{id}/delete", access.DeleteProgrammer, "/programmers", false, deleteProgrammer},

	{get, "/channels", access.ShowChannel, "/channels", false, listChannels},
	{get, "/channels/new", access.CreateChannel, "/channels", false, newChannel},
	{post, "/channels/new", access.CreateChannel, "/channels", false, createChannel},
	{get, "/channels/{id}", access.ShowChannel, "/channels", false, showChannel},
	{get, "/channels/{id}/edit", access.UpdateChannel, "/channels", false, editChannel},
	{post, "/channels/{id}/edit", access.UpdateChannel, "/channels", false, updateChannel},
	{get, "/channels/{id}/delete", access.DeleteChannel, "/channels", false, askDeleteChannel},
	{post, "/channels/{id}/delete", access.DeleteChannel, "/channels", false, deleteChannel},

	{get, "/applications", access.ShowApplication, "/applications", false, listApplications},
	{get, "/applications/new", access.CreateApplication, "/applications", false, newApplication},
	{post, "/applications/new", access.CreateApplication, "/applications", false, createApplication},
	{get, "/applications/{id}", access.ShowApplication, "/applications", false, showApplication},
	{post, "/applications/{id}/statements", access.IssueStatement, "/applications", false, issueStatement},
	{get, "/applications/{id}/clients", access.ShowClient, "/applications", false, listClientsOf},

	{get, "/statements", access.ShowStatement, "/statements", false, showStatements},
	{post, "/statements", access.ShowStatement, "/statements", true, inspectStatement},

	{get, "/clients", access.ShowClient, "/clients", false, findClient},
	{get, "/clients/{id}", access.ShowClient, "/clients", false, showClient},

	{get, "/proxy-mvpds", access.ShowProxyMVPD, "/proxy-mvpds", false, listProxyMVPDs},
	{get, "/proxy-mvpds/new", access.CreateProxyMVPD, "/proxy-mvpds", false, newProxyMVPD},
	{post, "/proxy-mvpds/new", access.CreateProxyMVPD, "/proxy-mvpds", false, createProxyMVPD},
	{get, "/proxy-mvpds/{id}", access.ShowProxyMVPD, "/proxy-mvpds", false, showProxyMVPD},
	{get, "/proxy-mvpds/{id}/edit", access.UpdateProxyMVPD, "/proxy-mvpds", false, editProxyMVPD},
	{post, "/proxy-mvpds/{id}/edit", access.UpdateProxyMVPD, "/proxy-mvpds", false, updateProxyMVPD},
	{get, "/proxy-mvpds/{id}/delete", access.DeleteProxyMVPD, "/proxy-mvpds", false, askDeleteProxyMVPD},
	{post, "/proxy-mvpds/{id}/delete", access.DeleteProxyMVPD, "/proxy-mvpds", false, deleteProxyMVPD},

	{get, "/catalogue", access.ShowCatalogue, "/catalogue", false, showCatalogue},
	{get, "/catalogue/{kind}/new", access.ExtendCatalogue, "/catalogue", false, newEntry},
	{post, "/catalogue/{kind}/new", access.ExtendCatalogue, "/catalogue", false, createEntry},
	{get, "/catalogue/{kind}/{name}/edit", access.UpdateCatalogue, "/catalogue", false, editEntry},
	{post, "/catalogue/{kind}/{name}/edit", access.UpdateCatalogue, "/catalogue", false, updateEntry},
	{get, "/catalogue/{kind}/{name}/delete", access.ReduceCatalogue, "/catalogue", false, askRemoveEntry},
	{post, "/catalogue/{kind}/{name}/delete", access.ReduceCatalogue, "/catalogue", false, removeEntry},

	{get, "/kills", access.ShowKill, "/kills", false, listKills},
	{get, "/kills/new", access.ShowKill, "/kills", false, askKill},
	{post, "/kills/new", access.ShowKill, "/kills", false, throwKill},
	{get, "/kills/lift", access.LiftKill, "/kills", false, askLift},
	{post, "/kills/lift", access.LiftKill, "/kills", false, liftKill},

	{get, "/keys", access.ShowKey, "/keys", false, listKeys},
	{get, "/keys/rotate", access.RotateKey, "/keys", false, askRotation},
	{post, "/keys/rotate", access.RotateKey, "/keys", false, rotateKey},

	{get, "/routes", access.ShowRoutes, "/routes", false, showRoutes},

	{get, "/changes", access.ShowChangeSet, "/changes", false, listChanges},
	{post, "/changes", access.EditChangeSet, "/changes", false, beginChanges},
	{get, "/changes/{id}", access.ShowChangeSet, "/changes", false, reviewChanges},
	{post, "/changes/{id}/push", access.PushChangeSet, "/changes", false, pushChanges},
	{post, "/changes/{id}/remove", access.EditChangeSet, "/changes", false, removeChange},
	{post, "/changes/{id}/discard", access.EditChangeSet, "/changes", false, discardChanges},
	{post, "/changes/{id}/roll-back", access.RollBackChangeSet, "/changes", false, rollBackChanges},

	{get, "/audit", access.ShowAudit, "/audit", false, listAudit},
	{get, "/audit/{seq}", access.ShowAudit, "/audit", false, showAuditEntry},
	{get, "/audit/verify", access.VerifyAudit, "/audit", false, verifyAudit},

	{get, "/refusals", access.ShowRefusal, "/refusals", false, askRefusal},
	{post, "/refusals", access.ShowRefusal, "/refusals", true, judge},
	{get, "/refusals/{trace}", access.ShowRefusal, "/refusals", false, showRefusal},
}
