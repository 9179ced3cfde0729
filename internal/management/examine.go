package management

import (
	"context"
	"fmt"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// NodeList are the gateways that share the store.
type NodeList struct {
	Nodes []state.NodeReport `json:"nodes"`
}

// Gateways lists the gateways that share the store, and how far each is.
func (s *Service) Gateways(ctx context.Context, who access.Actor) (NodeList, error) {
	if err := begin(who, access.ExamineGateway); err != nil {
		return NodeList{}, err
	}
	nodes, err := s.Nodes.All(ctx)
	if err != nil {
		return NodeList{}, unavailable("listing the gateways", err)
	}
	return NodeList{Nodes: nodes}, nil
}

// Examine looks at how the gateway is set up.
func (s *Service) Examine(ctx context.Context, who access.Actor, ignore []string) (doctor.Report, error) {
	if err := begin(who, access.ExamineGateway); err != nil {
		return doctor.Report{}, err
	}
	ignored := make([]doctor.Check, 0, len(ignore))
	for _, name := range ignore {
		check := doctor.Check(name)
		if !slices.Contains(doctor.Checks, check) {
			return doctor.Report{}, invalid("ignore", fmt.Sprintf("there is no check %q", name), "the table of checks lists all")
		}
		ignored = append(ignored, check)
	}
	return s.Examined(ctx, ignored), nil
}
