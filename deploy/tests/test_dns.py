"""The DNS check against a name server on loopback, and the switch against moto's Route 53."""

import dataclasses
import threading
from collections.abc import Callable, Iterator

import pytest
from dnslib import RR
from dnslib.server import DNSLogger, DNSServer
from dnslib.zoneresolver import ZoneResolver

from deploy import dns
from deploy.errors import DeployError
from deploy.tests.conftest import Cloud

BALANCER = "esa-production.ap-northeast-1.elb.amazonaws.com"
RIGHT = f"""
{BALANCER}. 60 IN A 192.0.2.10
{BALANCER}. 60 IN A 192.0.2.11
example.com. 60 IN A 192.0.2.10
example.com. 60 IN A 192.0.2.11
*.example.com. 60 IN A 192.0.2.11
example.com. 3600 IN NS ns-1.example.net.
example.com. 3600 IN NS ns-2.example.net.
"""
SERVERS = ["ns-1.example.net", "ns-2.example.net"]


@pytest.fixture
def name_server() -> Iterator[Callable[[str], dns.Resolver]]:
    servers: list[DNSServer] = []

    def serve(zone: str) -> dns.Resolver:
        resolver = ZoneResolver(zone, glob=True)
        server = DNSServer(resolver, address="127.0.0.1", port=0, logger=DNSLogger("-request,-reply,-truncated"))
        # As its own start_thread, which looks only twice a second whether to end.
        threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return dns.Resolver("127.0.0.1", server.server.server_address[1])

    yield serve
    for server in servers:
        server.server.shutdown()
        server.server.server_close()


def check(resolver: dns.Resolver, *, most_ttl: int | None = None) -> list[str]:
    return dns.check([resolver], "example.com", BALANCER, name_servers=SERVERS, zone="example.com", most_ttl=most_ttl)


def test_names_that_lead_to_the_balancer_are_right(name_server: Callable[[str], dns.Resolver]) -> None:
    assert check(name_server(RIGHT), most_ttl=60) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "example.com. 60 IN A 192.0.2.10",
            "example.com. 60 IN A 198.51.100.7",
            "example.com leads to 198.51.100.7 by A",
        ),
        (
            "*.example.com. 60 IN A 192.0.2.11",
            "*.example.com. 60 IN A 198.51.100.7",
            "*.example.com leads to 198.51.100.7",
        ),
        ("*.example.com. 60 IN A 192.0.2.11", "", "*.example.com has no address"),
        ("*.example.com. 60 IN A 192.0.2.11", "*.example.com. 3600 IN A 192.0.2.11", "kept for 3600 s, more than 60"),
        (
            "ns-2.example.net.",
            "ns9.old-provider.example.",
            "is delegated to ns-1.example.net, ns9.old-provider.example",
        ),
        (f"{BALANCER}. 60 IN A 192.0.2.1", "gone.example. 60 IN A 192.0.2.1", "has no address"),
    ],
)
def test_what_leads_elsewhere_is_named(
    name_server: Callable[[str], dns.Resolver], old: str, new: str, told: str
) -> None:
    problems = check(name_server(RIGHT.replace(old, new)), most_ttl=60)
    assert any(told in problem for problem in problems), problems


def test_a_forgotten_ipv6_address_of_the_old_host_is_found(name_server: Callable[[str], dns.Resolver]) -> None:
    problems = check(name_server(RIGHT + "example.com. 60 IN AAAA 2001:db8::7\n"))
    assert problems == [f"example.com leads to 2001:db8::7 by AAAA, {BALANCER} is nowhere (asked 127.0.0.1)"]


def test_caa_records_that_keep_amazon_out_are_found(name_server: Callable[[str], dns.Resolver]) -> None:
    assert check(name_server(RIGHT + 'example.com. 60 IN CAA 0 issue "amazon.com"\n')) == []
    problems = check(name_server(RIGHT + 'example.com. 60 IN CAA 0 issue "letsencrypt.org"\n'))
    assert "keep Amazon from issuing" in problems[0]


def test_a_name_server_that_is_silent_is_named(
    name_server: Callable[[str], dns.Resolver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns, "TIMEOUT", 0.2)
    with pytest.raises(DeployError, match="does not answer"):
        dns.Resolver("127.0.0.1", 9).ask("example.com", "A")
    with pytest.raises(DeployError, match="is not a name server's address"):
        dns.Resolver.parse("127.0.0.1:dns")


def test_the_command_compares_with_what_aws_says(cloud: Cloud, name_server: Callable[[str], dns.Resolver]) -> None:
    target = cloud.environment.outputs(cloud.aws)["BalancerName"]
    zone = cloud.client("route53").get_hosted_zone(Id=cloud.zone)
    servers = "".join(f"example.com. 60 IN NS {name}.\n" for name in zone["DelegationSet"]["NameServers"])
    right = f"{target}. 60 IN A 192.0.2.1\nstaging.example.com. 60 IN A 192.0.2.1\n*.staging.example.com. 60 IN A 192.0.2.1\n"
    resolver = name_server(right + servers)
    asked = ["--resolver", f"127.0.0.1:{resolver.port}"]
    code, told = cloud.run("dns", "staging", "check", *asked)
    assert code == 0, told
    assert "all names lead where they should" in told
    code, told = cloud.run("dns", "staging", "check", *asked, "--expect", "old.example")
    assert code == 1
    assert "old.example, where all should lead, has no address" in told


def test_switching_is_refused_while_the_stack_keeps_the_records(cloud: Cloud) -> None:
    code, told = cloud.run("dns", "staging", "switch")
    assert code == 1
    assert 'DnsRecords = "manual"' in told


def test_a_switch_replaces_the_old_records_and_goes_back(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    route53 = cloud.client("route53")
    zone = route53.create_hosted_zone(Name="moving.example.", CallerReference="move")["HostedZone"]["Id"]
    moving = dataclasses.replace(cloud.environment, domain="moving.example", hosted_zone_id=zone.rpartition("/")[2])
    dns.change(
        cloud.aws,
        moving,
        [],
        [
            {"Name": "moving.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "198.51.100.7"}]},
            {"Name": "*.moving.example.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "old.example."}]},
        ],
    )
    aws, found = cloud.aws, outputs_of(cloud)
    by_hand = [{"ParameterKey": "DnsRecords", "ParameterValue": "manual"}]
    monkeypatch.setattr(aws, "stack", lambda name: {"Parameters": by_hand, "Outputs": found(name)})

    assert dns.switch(aws, moving)
    records = dns.records(aws, moving)
    assert {(dns.plain(one["Name"]), one["Type"]) for one in records} == {
        ("moving.example", "A"),
        ("*.moving.example", "A"),
    }
    from deploy.tests.moto_gaps import BALANCER_ZONE

    assert {one["AliasTarget"]["HostedZoneId"] for one in records} == {BALANCER_ZONE}
    assert not dns.switch(aws, moving)

    dns.switch_back(aws, moving)
    values = {one["Type"]: one["ResourceRecords"][0]["Value"] for one in dns.records(aws, moving)}
    assert values == {"A": "198.51.100.7", "CNAME": "old.example."}


def outputs_of(cloud: Cloud) -> Callable[[str], list[dict[str, str]]]:
    """What the stacks say, asked before the test puts its own parameters before them."""
    known = {
        name: [{"OutputKey": key, "OutputValue": value} for key, value in cloud.aws.outputs(name).items()]
        for name in (cloud.environment.data_stack, cloud.environment.app_stack)
    }
    return known.__getitem__


def test_the_zone_of_the_tests_reads_as_meant() -> None:
    assert len(RR.fromZone(RIGHT)) == 7
