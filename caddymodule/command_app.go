package caddymodule

import (
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func appCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create --name <name> --programmer <id> (--channel <id>... | --all-channels) --scope <scope>...",
		Short: "Registers an application",
		Long: `
Registers an application. It never changes after that: a change means a new
one. Where iOS, tvOS or Android is named as a platform and no --scheme is
given, a custom scheme is generated.`,
		Example: `  caddy dcr app create --name Demo --programmer REF --channel REF30 \
    --domain example.com --scope api:client:v2`,
		Args: arguments(),
		RunE: action(createApp),
	}
	flags := cmd.Flags()
	flags.String("name", "", "Name (required)")
	flags.String("version", "", "Version (default 1)")
	flags.String("programmer", "", "Media company that it belongs to (required)")
	flags.StringSlice("channel", nil, "Channel that it serves (repeatable)")
	flags.Bool("all-channels", false, "Serves every channel of the programmer, future ones too")
	flags.String("level", "", "Created for the `programmer`, or for one channel (default programmer)")
	flags.StringSlice("platform", nil, "Platform that it is meant for (repeatable; default all)")
	flags.Bool("all-platforms", false, "Is meant for every platform")
	flags.StringSlice("domain", nil, "Domain of its redirect URIs and origins (repeatable)")
	flags.StringSlice("scheme", nil, "Custom URI scheme for the final redirect (repeatable)")
	flags.Bool("new-scheme", false, "Generate a custom scheme")
	flags.StringSlice("scope", nil, "Scope that its clients get (repeatable, required)")
	flags.StringSlice("proxy-mvpd", nil, "Proxy MVPD on whose behalf it may act (repeatable)")
	flags.String("id", "", "UUID, to take over an application that has one already")
	byFlag(cmd)
	return cmd
}

func createApp(c *call) error {
	for _, required := range []string{"name", "programmer", "scope"} {
		if !c.cmd.Flags().Changed(required) {
			return usage("missing --"+required, "usage: "+c.cmd.UseLine())
		}
	}
	if c.flag("all-channels") == c.cmd.Flags().Changed("channel") {
		return usage("either --channel or --all-channels is wanted", "usage: "+c.cmd.UseLine())
	}
	if c.flag("all-platforms") && c.cmd.Flags().Changed("platform") {
		return usage("either --platform or --all-platforms is wanted", "leave both out for every platform")
	}
	id := c.text("id")
	if id != "" {
		var err error
		if id, err = uuidArgument("id", id); err != nil {
			return err
		}
	}
	var app management.Application
	err := c.ask("POST", "/applications", createRequest{
		Spec: management.Spec{
			ID: id, Name: c.text("name"), Version: c.text("version"), Programmer: c.text("programmer"),
			Level: c.text("level"), AllChannels: c.flag("all-channels"), Channels: c.list("channel"),
			AllPlatforms: c.flag("all-platforms"), Platforms: c.list("platform"), Domains: c.list("domain"),
			CustomSchemes: c.list("scheme"), NewScheme: c.flag("new-scheme"), ProxyMVPDs: c.list("proxy-mvpd"),
			Scopes: c.list("scope"),
		},
		By: c.by(),
	}, &app)
	if err != nil {
		return err
	}
	c.show(func(w io.Writer) { printApp(w, app) })
	c.note("next: %s", c.again("statement issue "+app.ID.String()))
	return nil
}

func printApp(w io.Writer, app management.Application) {
	fields := [][2]string{
		{"ID", app.ID.String()},
		{"Name", app.Name},
		{"Version", app.Version},
		{"Programmer", app.Programmer},
	}
	if app.Level != "programmer" {
		fields = append(fields, [2]string{"Level", app.Level})
	}
	fields = append(fields,
		[2]string{"Channels", allOr(app.AllChannels, app.Channels)},
		[2]string{"Platforms", allOr(app.AllPlatforms, app.Platforms)},
		[2]string{"Domains", allOr(false, app.Domains)},
		[2]string{"Schemes", allOr(false, app.CustomSchemes)},
		[2]string{"Proxy MVPDs", allOr(false, app.ProxyMVPDs)},
		[2]string{"Scopes", allOr(false, app.Scopes)},
		[2]string{"Created", second(app.CreatedAt)},
		[2]string{"Created by", app.CreatedBy},
	)
	fields = append(fields, countFields(app.Clients)...)
	if app.Declared {
		fields = append(fields, [2]string{"Declared", "in the configuration"})
	}
	if app.ManagedBy != "" {
		fields = append(fields, [2]string{"Managed by", "the manifest " + app.ManagedBy + ", as " + app.ManagedKey})
	}
	if app.Revocation != nil {
		fields = append(append(fields, [2]string{"Revoked", "for good"}), killFields(*app.Revocation)...)
	}
	printFields(w, fields...)
}

func appListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Lists the applications", Args: arguments(), RunE: action(listApps),
		Example: "  caddy dcr app list --programmer REF",
	}
	cmd.Flags().String("programmer", "", "Only those of this programmer")
	cmd.Flags().String("channel", "", "Only those that serve this channel")
	return cmd
}

func listApps(c *call) error {
	query := url.Values{}
	for _, filter := range []string{"programmer", "channel"} {
		if value := c.text(filter); value != "" {
			query.Set(filter, value)
		}
	}
	var list management.Applications
	if err := c.ask("GET", withQuery("/applications", query), nil, &list); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		rows := make([][]string, 0, len(list.Applications))
		for _, app := range list.Applications {
			state := ""
			if app.Declared {
				state = "declared"
			}
			if app.ManagedBy != "" {
				state = "managed"
			}
			if app.Revoked {
				state = "revoked"
			}
			rows = append(rows, []string{app.ID.String(), app.Programmer, app.Name, app.Version, state})
		}
		printTable(w, []column{{"ID", 36}, {"PROGRAMMER", 10}, {"NAME", 11}, {"VERSION", 7}, {"STATE", 8}}, rows)
	})
	return nil
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func appShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show <id>", Short: "Shows an application", Args: arguments("the application's id"), ValidArgsFunction: completeApplications,
		Example: "  caddy dcr app show 897029da-2b35-429e-ad45-6f6bf5de7a95",
		RunE: action(func(c *call) error {
			id, err := uuidArgument("id", c.args[0])
			if err != nil {
				return err
			}
			var app management.Application
			if err := c.ask("GET", "/applications/"+id, nil, &app); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printApp(w, app) })
			return nil
		}),
	}
}
