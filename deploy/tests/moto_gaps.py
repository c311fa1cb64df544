"""What moto 5.2.5 lacks, filled in so that our templates can be created on it as they are.

moto takes resources of types that it does not know without a word and then cannot answer `Ref` and `GetAtt` of them.
Each class here is such a type: a plain name where a name is enough, a real object of moto's own backend where the
deployment asks for it later (secrets, certificates, scalable targets).
"""

import secrets
from typing import Any, ClassVar

import yaml
from moto.acm.models import acm_backends
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudformation import parsing
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core.common_models import CloudFormationModel
from moto.elbv2.models import FakeLoadBalancer
from moto.rds.models import DBParameterGroup
from moto.secretsmanager.models import secretsmanager_backends


class Gap:
    """A resource of which only the name and a few attributes are asked."""

    attributes: ClassVar[dict[str, str]] = {}
    kind: ClassVar[str]

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> "Gap":
        return cls(resource_name)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.attributes[attribute_name]


class Secret(Gap, CloudFormationModel):
    kind = "AWS::SecretsManager::Secret"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> "Secret":
        given = cloudformation_json["Properties"]
        length = given.get("GenerateSecretString", {}).get("PasswordLength", 0)
        backend = secretsmanager_backends[account_id][region_name]
        value = given.get("SecretString") or secrets.token_hex(length)[:length]
        backend.create_secret(
            name=given["Name"],
            secret_string=value,
            secret_binary=None,
            description=None,
            tags=None,
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(backend.secrets[given["Name"]].arn)


class Certificate(Gap, CloudFormationModel):
    kind = "AWS::CertificateManager::Certificate"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> "Certificate":
        given = cloudformation_json["Properties"]
        arn = acm_backends[account_id][region_name].request_certificate(
            given["DomainName"], "esa", given["SubjectAlternativeNames"], []
        )
        return cls(arn)


class ScalableTarget(Gap, CloudFormationModel):
    kind = "AWS::ApplicationAutoScaling::ScalableTarget"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> "ScalableTarget":
        given = cloudformation_json["Properties"]
        applicationautoscaling_backends[account_id][region_name].register_scalable_target(
            given["ServiceNamespace"],
            given["ResourceId"],
            given["ScalableDimension"],
            int(given["MinCapacity"]),
            int(given["MaxCapacity"]),
            "",
            {},  # type: ignore[arg-type]
        )
        return cls(resource_name)


class Cache(Gap, CloudFormationModel):
    kind = "AWS::ElastiCache::ReplicationGroup"
    attributes: ClassVar = {"PrimaryEndPoint.Address": "esa.cache.example"}


class Distribution(Gap, CloudFormationModel):
    kind = "AWS::CloudFront::Distribution"
    attributes: ClassVar = {"DomainName": "d111111abcdef8.cloudfront.net"}


class OriginAccess(Gap, CloudFormationModel):
    kind = "AWS::CloudFront::OriginAccessControl"
    attributes: ClassVar = {"Id": "E1OAC"}


class PublicKey(Gap, CloudFormationModel):
    kind = "AWS::CloudFront::PublicKey"


class KeyGroup(Gap, CloudFormationModel):
    kind = "AWS::CloudFront::KeyGroup"


class ResponseHeaders(Gap, CloudFormationModel):
    kind = "AWS::CloudFront::ResponseHeadersPolicy"


class MailIdentity(Gap, CloudFormationModel):
    kind = "AWS::SES::EmailIdentity"
    attributes: ClassVar = {
        f"DkimDNSToken{part}{number}": f"{part.lower()}{number}._domainkey.example.com"
        for part in ("Name", "Value")
        for number in (1, 2, 3)
    }


BALANCER_ZONE = "Z35SXDOTRQ7X7K"


def fill() -> None:
    """Makes moto's CloudFormation know the classes above, the name of a parameter group and the zone of a balancer."""
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
    yaml.add_multi_constructor("", yaml_tag_constructor, Loader=yaml.CLoader)
    yaml.Loader = yaml.CLoader  # type: ignore[misc,assignment]  # reads a template in a tenth of the time
    DBParameterGroup.physical_resource_id = property(lambda group: group.name)  # type: ignore[attr-defined]
    known = FakeLoadBalancer.get_cfn_attribute

    def attribute(balancer: FakeLoadBalancer, name: str) -> str:
        ours = {"CanonicalHostedZoneID": BALANCER_ZONE, "LoadBalancerFullName": f"app/{balancer.name}/50dc6c495c0c9188"}
        return ours[name] if name in ours else str(known(balancer, name))

    FakeLoadBalancer.get_cfn_attribute = attribute  # type: ignore[assignment,method-assign]
    FakeLoadBalancer.has_cfn_attr = classmethod(lambda cls, name: True)  # type: ignore[assignment,method-assign]
