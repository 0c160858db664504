import { driverSdkErrors } from "../errors.ts";
import type { AddressRequest, IpamDriver, PoolRequest } from "../interfaces/ipam-driver.ts";
import type { Fields } from "./fields.ts";
import { isSubnetAddress } from "./network-answers.ts";
import { present, type ServedInterface } from "./served-interface.ts";

const addressType = "RequestAddressType";
const gatewayType = "com.docker.network.gateway";
const macOption = "com.docker.network.endpoint.macaddress";

/** In the shapes of moby libnetwork `ipams/remote/api`: an error's key is `Error`, unlike everywhere else. */
export function serveIpam(driver: IpamDriver): ServedInterface {
  return {
    name: "IpamDriver",
    refuse: (message) => ({ Error: message }),
    ...(driver.close === undefined ? {} : { close: () => driver.close?.() }),
    methods: {
      GetCapabilities: {
        plain: () => ({
          RequiresMACAddress: driver.requiresMacAddress === true,
          RequiresRequestReplay: driver.requiresRequestReplay === true,
        }),
      },
      GetDefaultAddressSpaces: {
        plain: () => {
          const { local, global } = driver.addressSpaces ?? { local: "LocalDefault", global: "GlobalDefault" };
          return { LocalDefaultAddressSpace: local, GlobalDefaultAddressSpace: global };
        },
      },
      RequestPool: {
        withFields: async (fields, context) => {
          const { poolId, pool, data } = await driver.requestPool(poolRequestOf(fields), context);
          if (poolId === "")
            throw driverSdkErrors["driver-answer-invalid"]({ method: context.method, found: "no pool id", expected: "one" });
          checkSubnet(pool, context.method);
          return { PoolID: poolId, Pool: pool, Data: data ?? {} };
        },
      },
      ReleasePool: {
        withFields: async (fields, context) => {
          await driver.releasePool({ poolId: fields.text("PoolID") }, context);
          return {};
        },
      },
      RequestAddress: {
        withFields: async (fields, context) => {
          const { address, data } = await driver.requestAddress(addressRequestOf(fields), context);
          checkSubnet(address, context.method);
          return { Address: address, Data: data ?? {} };
        },
      },
      ReleaseAddress: {
        withFields: async (fields, context) => {
          await driver.releaseAddress({ poolId: fields.text("PoolID"), address: fields.text("Address") }, context);
          return {};
        },
      },
    },
  };
}

function poolRequestOf(fields: Fields): PoolRequest {
  return {
    addressSpace: fields.optionalText("AddressSpace") ?? "",
    ...(present({ pool: fields.optionalText("Pool"), subPool: fields.optionalText("SubPool") }) as Pick<PoolRequest, "pool" | "subPool">),
    options: fields.texts("Options"),
    v6: fields.flag("V6"),
  };
}

function addressRequestOf(fields: Fields): AddressRequest {
  const options = fields.texts("Options");
  return {
    poolId: fields.text("PoolID"),
    ...(present({ address: fields.optionalText("Address"), macAddress: options[macOption] }) as Pick<
      AddressRequest,
      "address" | "macAddress"
    >),
    gateway: options[addressType] === gatewayType,
    options,
  };
}

function checkSubnet(text: string, method: string): void {
  if (typeof text === "string" && isSubnetAddress(text)) return;
  throw driverSdkErrors["driver-answer-invalid"]({ method, found: String(text), expected: "an address with its length" });
}
