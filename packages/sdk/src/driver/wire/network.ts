import type { CallContext, MaybePromise } from "../interfaces/call-context.ts";
import type {
  EndpointCreation,
  EndpointInterface,
  IpamData,
  Joined,
  NamedEndpoint,
  NetworkCreation,
  NetworkDriver,
} from "../interfaces/network-driver.ts";
import { type Fields, isObject } from "./fields.ts";
import { checkEndpointAnswer } from "./network-answers.ts";
import { errAnswer, type Method, present, type ServedInterface, type WireAnswer } from "./served-interface.ts";

/** Node discovery; the other types are keys of an encryption that the engine keeps to itself (libnetwork discoverapi). */
const nodeDiscovery = 1;

/** Answers in the shapes of moby libnetwork `drivers/remote/api`. */
export function serveNetwork(driver: NetworkDriver): ServedInterface {
  const done = (work: (fields: Fields, context: CallContext) => MaybePromise<void>): Method => ({
    withFields: async (fields, context) => {
      await work(fields, context);
      return {};
    },
  });
  const discovery = (told: NetworkDriver["nodeDiscovered"]): Method =>
    done(async (fields, context) => {
      if (told === undefined || fields.number("DiscoveryType") !== nodeDiscovery) return;
      const node = fields.inner("DiscoveryData");
      await told({ address: node.text("Address"), bindAddress: node.optionalText("BindAddress") ?? "", self: node.flag("Self") }, context);
    });
  const { checkGatewayAllocation, programExternalConnectivity, revokeExternalConnectivity } = driver;
  return {
    name: "NetworkDriver",
    refuse: errAnswer,
    ...(driver.close === undefined ? {} : { close: () => driver.close?.() }),
    methods: {
      GetCapabilities: {
        plain: () => ({
          Scope: driver.scope,
          ConnectivityScope: driver.connectivityScope,
          GwAllocChecker: checkGatewayAllocation === undefined ? undefined : true,
        }),
      },
      AllocateNetwork: {
        withFields: async (fields, context) => ({ Options: (await driver.allocateNetwork?.(creationOf(fields), context)) ?? {} }),
      },
      FreeNetwork: done((fields, context) => driver.freeNetwork?.({ networkId: fields.text("NetworkID") }, context)),
      CreateNetwork: done((fields, context) => driver.createNetwork(creationOf(fields), context)),
      DeleteNetwork: done((fields, context) => driver.deleteNetwork({ networkId: fields.text("NetworkID") }, context)),
      CreateEndpoint: {
        withFields: async (fields, context) => {
          const request = endpointCreationOf(fields);
          return interfaceAnswer(checkEndpointAnswer(await driver.createEndpoint(request, context), request.interface, context.method));
        },
      },
      DeleteEndpoint: done((fields, context) => driver.deleteEndpoint(endpointOf(fields), context)),
      EndpointOperInfo: {
        withFields: async (fields, context) => ({ Value: (await driver.endpointInfo?.(endpointOf(fields), context)) ?? {} }),
      },
      Join: {
        withFields: async (fields, context) => {
          const request = { ...endpointOf(fields), sandboxKey: fields.text("SandboxKey"), engineOptions: fields.object("Options") };
          return joinAnswer((await driver.join(request, context)) ?? {});
        },
      },
      Leave: done((fields, context) => driver.leave(endpointOf(fields), context)),
      ...(programExternalConnectivity === undefined
        ? {}
        : {
            ProgramExternalConnectivity: done((fields, context) =>
              programExternalConnectivity.call(driver, { ...endpointOf(fields), engineOptions: fields.object("Options") }, context),
            ),
          }),
      ...(revokeExternalConnectivity === undefined
        ? {}
        : {
            RevokeExternalConnectivity: done((fields, context) => revokeExternalConnectivity.call(driver, endpointOf(fields), context)),
          }),
      ...(checkGatewayAllocation === undefined
        ? {}
        : {
            GwAllocCheck: {
              withFields: async (fields, context) => {
                const { skipIPv4, skipIPv6 } = await checkGatewayAllocation.call(driver, optionsOf(fields), context);
                return { SkipIPv4: skipIPv4, SkipIPv6: skipIPv6 };
              },
            },
          }),
      DiscoverNew: discovery(driver.nodeDiscovered?.bind(driver)),
      DiscoverDelete: discovery(driver.nodeGone?.bind(driver)),
    },
  };
}

function endpointOf(fields: Fields): NamedEndpoint {
  return { networkId: fields.text("NetworkID"), endpointId: fields.text("EndpointID") };
}

/** The map of `-o` lies among the engine's own options, and is a map of texts only where it came from a command line. */
function optionsOf(fields: Fields): Pick<NetworkCreation, "options" | "engineOptions"> {
  const engineOptions = fields.object("Options");
  const generic = engineOptions["com.docker.network.generic"];
  const options = isObject(generic) ? Object.entries(generic).map(([key, value]) => [key, String(value)] as const) : [];
  return { options: Object.fromEntries(options), engineOptions };
}

function creationOf(fields: Fields): NetworkCreation {
  return {
    networkId: fields.text("NetworkID"),
    ...optionsOf(fields),
    ipv4: fields.innerList("IPv4Data").map(ipamDataOf),
    ipv6: fields.innerList("IPv6Data").map(ipamDataOf),
  };
}

function ipamDataOf(fields: Fields): IpamData {
  const gateway = fields.optionalText("Gateway");
  return {
    addressSpace: fields.optionalText("AddressSpace") ?? "",
    pool: fields.optionalText("Pool") ?? "",
    ...(gateway === undefined ? {} : { gateway }),
    auxAddresses: fields.texts("AuxAddresses"),
  };
}

function endpointCreationOf(fields: Fields): EndpointCreation {
  const given = fields.inner("Interface");
  return {
    ...endpointOf(fields),
    interface: present({
      address: given.optionalText("Address"),
      addressIPv6: given.optionalText("AddressIPv6"),
      macAddress: given.optionalText("MacAddress"),
    }) as EndpointInterface,
    engineOptions: fields.object("Options"),
  };
}

function interfaceAnswer(answer: EndpointInterface): WireAnswer {
  const { address, addressIPv6, macAddress } = answer;
  if (address === undefined && addressIPv6 === undefined && macAddress === undefined) return {};
  return { Interface: { Address: address ?? "", AddressIPv6: addressIPv6 ?? "", MacAddress: macAddress ?? "" } };
}

function joinAnswer({ interfaceName, gateway, gatewayIPv6, staticRoutes, disableGatewayService }: Joined): WireAnswer {
  return {
    InterfaceName:
      interfaceName === undefined
        ? undefined
        : { SrcName: interfaceName.source, DstPrefix: interfaceName.prefix, DstName: interfaceName.name },
    Gateway: gateway,
    GatewayIPv6: gatewayIPv6,
    StaticRoutes: staticRoutes?.map(({ destination, nextHop }) => ({
      Destination: destination,
      RouteType: nextHop === undefined ? 1 : 0,
      NextHop: nextHop ?? "",
    })),
    DisableGatewayService: disableGatewayService,
  };
}
