package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func listNodes(s *management.Service, r *http.Request) (adminAnswer, error) {
	nodes, err := s.Gateways(r.Context(), trusted(r, "").Actor)
	return adminAnswer{http.StatusOK, nodes}, err
}

func examineGateway(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "ignore")
	if err != nil {
		return adminAnswer{}, err
	}
	var ignore []string
	if text := q.Get("ignore"); text != "" {
		ignore = strings.Split(text, ",")
	}
	report, err := s.Examine(r.Context(), trusted(r, "").Actor, ignore)
	return adminAnswer{http.StatusOK, report}, err
}
