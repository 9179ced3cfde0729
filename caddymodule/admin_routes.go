package caddymodule

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// adminRoutes is the management API.
var adminRoutes = []adminRoute{
	{"POST", adminPrefix + "applications", createApplication},
	{"GET", adminPrefix + "applications", listApplications},
	{"GET", adminPrefix + "applications/{id}", showApplication},
	{"POST", adminPrefix + "applications/{id}/statements", issueStatement},
	{"GET", adminPrefix + "applications/{id}/statements", listStatements},
	{"POST", adminPrefix + "statements/inspect", inspectStatement},
	{"GET", adminPrefix + "clients", listClients},
	{"GET", adminPrefix + "clients/{id}", showClient},
	{"GET", adminPrefix + "census", showCensus},
	{"POST", adminPrefix + "kills", throwKill},
	{"GET", adminPrefix + "kills", listKills},
	{"DELETE", adminPrefix + "kills/{kind}/{id}", liftKill},
	{"GET", adminPrefix + "keys", listKeys},
	{"POST", adminPrefix + "keys", rotateKey},
	{"GET", adminPrefix + "nodes", listNodes},
	{"GET", adminPrefix + "doctor", examineGateway},
	{"GET", adminPrefix + "routes", listRoutes},
	{"GET", adminPrefix + "refusals/{trace}", explainRefusal},
	{"POST", adminPrefix + "check/request", checkRequest},
	{"POST", adminPrefix + "check/token", checkToken},
	{"POST", adminPrefix + "check/statement", checkStatement},
	{"POST", adminPrefix + "manifest/plan", planManifest},
	{"POST", adminPrefix + "manifest/apply", applyManifest},
	{"POST", adminPrefix + "manifest/release", releaseManifest},
	{"GET", adminPrefix + "store/move", showMove},
	{"POST", adminPrefix + "store/move", beginMove},
	{"DELETE", adminPrefix + "store/move", abandonMove},
	{"POST", adminPrefix + "export", beginExport},
	{"GET", adminPrefix + "export/{class}", exportRecords},
	{"POST", adminPrefix + "import", beginImport},
	{"POST", adminPrefix + "import/records", importRecords},
	{"GET", adminPrefix + "audit", listAudit},
	{"GET", adminPrefix + "audit/verification", verifyAudit},
}

// The bodies of requests. By is who asks, as they say themselves: whoever
// reaches the admin endpoint may do everything anyway.
type (
	createRequest struct {
		management.Spec
		By string `json:"by,omitempty"`
	}
	issueRequest struct {
		By string `json:"by,omitempty"`
	}
	inspectRequest struct {
		Statement string `json:"software_statement"`
	}
	tokenRequest struct {
		Token string `json:"token"`
	}
	killRequest struct {
		management.KillOrder
		By string `json:"by,omitempty"`
	}
)

func createApplication(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q createRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	app, err := s.CreateApplication(r.Context(), trusted(r, q.By), q.Spec)
	return adminAnswer{http.StatusCreated, app}, err
}

func listApplications(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "programmer", "channel", "cursor", "limit")
	if err != nil {
		return adminAnswer{}, err
	}
	part, err := readPart(q)
	if err != nil {
		return adminAnswer{}, err
	}
	list, err := s.Applications(trusted(r, "").Actor, management.Filter{Programmer: q.Get("programmer"), Channel: q.Get("channel")}, part)
	return adminAnswer{http.StatusOK, list}, err
}

func showApplication(s *management.Service, r *http.Request) (adminAnswer, error) {
	id, err := management.ParseID("id", r.PathValue("id"))
	if err != nil {
		return adminAnswer{}, err
	}
	app, err := s.Application(r.Context(), trusted(r, "").Actor, id)
	return adminAnswer{http.StatusOK, app}, err
}

func issueStatement(s *management.Service, r *http.Request) (adminAnswer, error) {
	id, err := management.ParseID("id", r.PathValue("id"))
	if err != nil {
		return adminAnswer{}, err
	}
	var q issueRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	issued, err := s.IssueStatement(r.Context(), trusted(r, q.By), id)
	return adminAnswer{http.StatusCreated, issued}, err
}

func listStatements(s *management.Service, r *http.Request) (adminAnswer, error) {
	id, err := management.ParseID("id", r.PathValue("id"))
	if err != nil {
		return adminAnswer{}, err
	}
	list, err := s.StatementsOf(r.Context(), trusted(r, "").Actor, id, management.StatementFilter{}, management.Part{})
	return adminAnswer{http.StatusOK, list}, err
}

func inspectStatement(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q inspectRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	inspection, err := s.InspectStatement(r.Context(), trusted(r, "").Actor, q.Statement)
	return adminAnswer{http.StatusOK, inspection}, err
}

func listClients(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "application", "cursor", "limit")
	if err != nil {
		return adminAnswer{}, err
	}
	part, err := readPart(q)
	if err != nil {
		return adminAnswer{}, err
	}
	app := uuid.Nil
	if q.Has("application") {
		if app, err = management.ParseID("application", q.Get("application")); err != nil {
			return adminAnswer{}, err
		}
	}
	clients, err := s.Clients(r.Context(), trusted(r, "").Actor, app, part)
	return adminAnswer{http.StatusOK, clients}, err
}

func showClient(s *management.Service, r *http.Request) (adminAnswer, error) {
	id, err := management.ParseID("id", r.PathValue("id"))
	if err != nil {
		return adminAnswer{}, err
	}
	client, err := s.Client(r.Context(), trusted(r, "").Actor, id)
	return adminAnswer{http.StatusOK, client}, err
}

func showCensus(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "limit")
	if err != nil {
		return adminAnswer{}, err
	}
	part, err := readPart(q)
	if err != nil {
		return adminAnswer{}, err
	}
	census, err := s.LastCensus(trusted(r, "").Actor, part.Limit)
	return adminAnswer{http.StatusOK, census}, err
}

func throwKill(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q killRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	revocation, err := s.Revoke(r.Context(), trusted(r, q.By), q.KillOrder)
	return adminAnswer{http.StatusOK, revocation}, err
}

func listKills(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "kind", "cursor", "limit")
	if err != nil {
		return adminAnswer{}, err
	}
	part, err := readPart(q)
	if err != nil {
		return adminAnswer{}, err
	}
	kills, err := s.Kills(r.Context(), trusted(r, "").Actor, q.Get("kind"), part)
	return adminAnswer{http.StatusOK, kills}, err
}

func liftKill(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "by")
	if err != nil {
		return adminAnswer{}, err
	}
	revocation, err := s.Unrevoke(r.Context(), trusted(r, q.Get("by")), r.PathValue("kind"), r.PathValue("id"))
	return adminAnswer{http.StatusOK, revocation}, err
}

func listRoutes(s *management.Service, r *http.Request) (adminAnswer, error) {
	routes, err := s.GuardedRoutes(trusted(r, "").Actor)
	return adminAnswer{http.StatusOK, routes}, err
}

func explainRefusal(s *management.Service, r *http.Request) (adminAnswer, error) {
	trace, err := management.ParseID("trace", r.PathValue("trace"))
	if err != nil {
		return adminAnswer{}, err
	}
	explanation, err := s.Explain(r.Context(), trusted(r, "").Actor, trace)
	return adminAnswer{http.StatusOK, explanation}, err
}

func checkRequest(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q management.RequestTrial
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	trial, err := s.TryRequest(r.Context(), trusted(r, "").Actor, q)
	return adminAnswer{http.StatusOK, trial}, err
}

func checkToken(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q tokenRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	trial, err := s.TryToken(r.Context(), trusted(r, "").Actor, q.Token)
	return adminAnswer{http.StatusOK, trial}, err
}

func checkStatement(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q management.StatementTrial
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	trial, err := s.TryStatement(r.Context(), trusted(r, "").Actor, q)
	return adminAnswer{http.StatusOK, trial}, err
}
